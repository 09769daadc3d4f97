package main

const (
	branch  = "develop"
	version = "1.4.0"
)
