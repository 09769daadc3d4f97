package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

const service = "account"

func routes(mux *http.ServeMux) {
	// A line every 100 ms, for a minute.
	mux.HandleFunc("/account/stream", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 600 && r.Context().Err() == nil; i++ {
			fmt.Fprintf(w, "%s %d\n", version, i)
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	// A WebSocket's handshake, and then lines in the place of frames: each comes back with the version.
	mux.HandleFunc("/account/echo", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(accept[:]))
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			fmt.Fprintf(conn, "%s %s\n", version, lines.Text())
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"loginError": loginError})
	})
}
