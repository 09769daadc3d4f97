#!/bin/sh
# nginx reads no environment: what it needs of it is written into its configuration once, at the start.
set -eu
here=$(dirname "$0")
sed -e "s/@PORT@/${PORT:-8080}/" -e "s/@BRANCH@/$(sed 's/[^A-Za-z0-9._-]//g' "$here/BRANCH")/" "$here/nginx.conf" > /tmp/nginx.conf
mkdir -p /tmp/nginx
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
