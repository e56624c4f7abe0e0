// SPDX-License-Identifier: GPL-3.0-or-later

// Starts the simulator of Debian's golang-github-vmware-govmomi-dev: a host of its own, or a vCenter with one cluster.
// Prints its port and serves until its standard input ends.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	hosts := flag.Int("hosts", 0, "hosts of a vCenter; without them a host of its own")
	pair := flag.String("pair", "", "file with key and certificate")
	flag.Parse()

	model := simulator.ESX()
	if *hosts > 0 {
		model = simulator.VPX()
		model.Host, model.ClusterHost, model.Machine = 0, *hosts, 0
	}
	certificate, err := tls.LoadX509KeyPair(*pair, *pair)
	if err == nil {
		err = model.Create()
	}
	if err != nil {
		log.Fatal(err)
	}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword("root", "lab123")}
	server := model.Service.NewServer()
	fmt.Println(server.URL.Port())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		log.Fatal(err)
	}
	server.Close()
}
