package main

const (
	branch  = "develop"
	version = "2.1.0"
)
