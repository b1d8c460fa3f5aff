//go:build e2e && unix

package database

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// The range lies below every system's ephemeral ports, so that no outgoing
// connection of the load checks takes a port between FreePort and its user.
const firstPort, ports = 20000, 10000

var next = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(uint32(os.Getpid()) * 97)
	return &n
}()

// FreePort returns a loopback port that nothing listens on and that no other
// call in this process returns.
func FreePort() (int, error) {
	for range ports {
		port := firstPort + int(next.Add(1)%ports)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, listener.Close()
	}
	return 0, errors.New("no free port")
}
