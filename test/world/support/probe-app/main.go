// A service for tests: says its version, shows its environment, and asks others in a loop.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type result struct {
	Ok       int            `json:"ok"`
	Failed   int            `json:"failed"`
	Errors   map[string]int `json:"errors"`
	Versions map[string]int `json:"versions"`
	MaxMs    int64          `json:"maxMs"`
	Slow     []string       `json:"slow"`
}

func main() {
	for _, line := range strings.Split(os.Getenv("SAY"), "|") {
		fmt.Println(line)
	}
	if code := os.Getenv("EXIT"); code != "" {
		n, _ := strconv.Atoi(code)
		os.Exit(n)
	}
	delay, _ := strconv.Atoi(os.Getenv("START_MS"))
	time.Sleep(time.Duration(delay) * time.Millisecond)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		fmt.Fprint(w, os.Getenv("VERSION"))
	})
	mux.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		if os.Getenv("SICK") != "" {
			w.WriteHeader(503)
		}
	})
	mux.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(os.Environ()) })
	mux.HandleFunc("/lookup", func(w http.ResponseWriter, r *http.Request) {
		addresses, err := net.DefaultResolver.LookupHost(r.Context(), r.URL.Query().Get("name"))
		json.NewEncoder(w).Encode(map[string]any{"addresses": addresses, "error": fmt.Sprint(err)})
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		content, err := os.ReadFile(r.URL.Query().Get("path"))
		if err != nil {
			http.Error(w, err.Error(), 404)
			return
		}
		w.Write(content)
	})
	// Asks url again and again with new connections (so with a lookup each time) for some time.
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		out := result{Errors: map[string]int{}, Versions: map[string]int{}}
		client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		for end := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(end); {
			from := time.Now()
			steps := ""
			note := func(step string) { steps += fmt.Sprintf("%s %d ", step, time.Since(from).Milliseconds()) }
			request, _ := http.NewRequest("GET", r.URL.Query().Get("url"), nil)
			request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
				DNSDone:      func(i httptrace.DNSDoneInfo) { note(fmt.Sprint("dns ", i.Addrs)) },
				ConnectDone:  func(_, addr string, err error) { note(fmt.Sprint("connect ", addr, " ", err)) },
				WroteRequest: func(httptrace.WroteRequestInfo) { note("wrote") },
			}))
			answer, err := client.Do(request)
			if err != nil {
				out.Failed++
				out.Errors[err.Error()]++
			} else {
				body, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				out.Ok++
				out.Versions[string(body)]++
			}
			if took := time.Since(from).Milliseconds(); took > out.MaxMs {
				out.MaxMs = took
			}
			if took := time.Since(from).Milliseconds(); took > 100 && len(out.Slow) < 10 {
				out.Slow = append(out.Slow, fmt.Sprintf("%s done %d", steps, took))
			}
			time.Sleep(time.Millisecond)
		}
		json.NewEncoder(w).Encode(out)
	})
	server := &http.Server{Addr: "0.0.0.0:" + os.Getenv("PORT"), Handler: mux}
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGTERM)
	closed := make(chan struct{})
	go func() {
		<-done
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		close(closed)
	}()
	fmt.Println("listening")
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Println(err)
		os.Exit(1)
	}
	<-closed
}
