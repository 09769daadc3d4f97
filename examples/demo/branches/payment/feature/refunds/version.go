package main

const (
	branch  = "feature/refunds"
	version = "2.2.0-refunds"
)
