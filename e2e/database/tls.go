//go:build e2e && unix

package database

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
)

// startTLS asks a PostgreSQL server for TLS and agrees on it.
func startTLS(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	request, err := (&pgproto3.SSLRequest{}).Encode(nil)
	if err != nil {
		return nil, err
	}
	answer := make([]byte, 1)
	if _, err = conn.Write(request); err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err == nil && answer[0] != 'S' {
		err = errors.New("the database refuses TLS")
	}
	secured := tls.Client(conn, config)
	if err == nil {
		err = secured.HandshakeContext(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}
