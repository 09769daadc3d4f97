package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Longest ?delay= in an answer, for trying out what happens to open requests.
const longestDelay = 30 * time.Second

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, http.StatusOK, fields{"status": "ok"})
	})
	routes(mux)

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: logged(mux), ReadHeaderTimeout: 10 * time.Second}

	finished := make(chan struct{})
	go func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
		log.Printf("%s received, finishing open requests", <-stop)
		deadline, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(deadline); err != nil {
			log.Printf("not every request finished: %v", err)
		}
		close(finished)
	}()

	log.Printf("%s on branch %s listens on port %s", service, branch, port)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-finished
	log.Print("stopped")
}

type fields map[string]interface{}

// answer says who answered what: the demo is about seeing where a request went.
func answer(w http.ResponseWriter, r *http.Request, status int, more fields) {
	hostname, _ := os.Hostname()
	body := fields{
		"service":   service,
		"servedBy":  "sandbox",
		"branch":    branch,
		"version":   version,
		"hostname":  hostname,
		"method":    r.Method,
		"path":      r.URL.Path,
		"upstreams": variables(func(name string) bool { return strings.HasSuffix(name, "_URL") }),
		"settings":  variables(func(name string) bool { return name == "LOG_LEVEL" || name == "DB_HOST" || name == "CURRENCY" }),
	}
	if id := r.Header.Get("X-Request-Id"); id != "" {
		body["requestId"] = id
	}
	for name, value := range more {
		body[name] = value
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body)
}

func variables(wanted func(name string) bool) map[string]string {
	found := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if wanted(name) {
			found[name] = value
		}
	}
	return found
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		if delay, err := time.ParseDuration(r.URL.Query().Get("delay")); err == nil && delay > 0 {
			if delay > longestDelay {
				delay = longestDelay
			}
			time.Sleep(delay)
		}
		next.ServeHTTP(w, r)
		if r.URL.Path != "/healthz" {
			log.Printf("%s %s %s %s", r.Method, r.URL.Path, time.Since(started).Round(time.Millisecond), requestID(r))
		}
	})
}

// requestID is the same for all that one request of the app leads to.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" {
		return id
	}
	return "-"
}

var peers = &http.Client{Timeout: 10 * time.Second}

// ask gets JSON of a peer, whose address is in the variable; the request id goes along.
func ask(r *http.Request, variable, path string) interface{} {
	base := os.Getenv(variable)
	if base == "" {
		return fields{"error": variable + " is not set"}
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, strings.TrimRight(base, "/")+path, nil)
	if err != nil {
		return fields{"error": err.Error()}
	}
	if id := r.Header.Get("X-Request-Id"); id != "" {
		request.Header.Set("X-Request-Id", id)
	}
	response, err := peers.Do(request)
	if err != nil {
		return fields{"error": err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fields{"error": err.Error()}
	}
	var body interface{}
	if json.Unmarshal(text, &body) != nil {
		return fields{"error": "no JSON", "status": response.StatusCode}
	}
	return body
}
