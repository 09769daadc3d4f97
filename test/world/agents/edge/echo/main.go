// Says who it is and what it was asked; calls others when told to.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var client = &http.Client{Timeout: 30 * time.Second}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/call", call)
	http.HandleFunc("/redirect", redirect)
	http.HandleFunc("/status", status)
	http.HandleFunc("/hangup", hangup)
	http.HandleFunc("/", echo)
	if err := http.ListenAndServe(":"+port, nil); err != nil {
		panic(err)
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	json.NewEncoder(w).Encode(map[string]interface{}{
		"name": os.Getenv("NAME"), "host": r.Host, "path": r.URL.RequestURI(), "headers": headers,
	})
}

// call asks ?url= with ?host= as Host, and the headers of ?header=Name:value.
func call(w http.ResponseWriter, r *http.Request) {
	request, err := http.NewRequest("GET", r.URL.Query().Get("url"), nil)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	if host := r.URL.Query().Get("host"); host != "" {
		request.Host = host
	}
	for _, header := range r.URL.Query()["header"] {
		parts := strings.SplitN(header, ":", 2)
		request.Header.Set(parts[0], parts[1])
	}
	answer, err := client.Do(request)
	if err != nil {
		w.WriteHeader(599)
		io.WriteString(w, err.Error())
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// redirect leads to ?to=.
func redirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", r.URL.Query().Get("to"))
	w.WriteHeader(302)
}

// status answers with ?code=, and whatever header of ours a service might pretend.
func status(w http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(r.URL.Query().Get("code"))
	w.Header().Set("X-SDP-Page", "pretended")
	w.WriteHeader(code)
}

var hangups atomic.Int64

// hangup ends the connection without an answer, ?times= times; then it answers how often it was asked.
func hangup(w http.ResponseWriter, r *http.Request) {
	times, _ := strconv.ParseInt(r.URL.Query().Get("times"), 10, 64)
	asked := hangups.Add(1)
	if asked > times {
		hangups.Store(0)
		json.NewEncoder(w).Encode(asked)
		return
	}
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	connection.Close()
}
