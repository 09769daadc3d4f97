<?php
declare(strict_types=1);

// Headers between two neighbours only; they are not passed on.
const HOP_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'host', 'content-length', 'expect'];

/** Passes method, headers and body to a URL and its answer back. Returns why there was no answer, or null. */
function forward(string $url): ?string
{
    $headers = ['Connection: close'];
    foreach (getallheaders() as $name => $value) {
        if (!in_array(strtolower($name), HOP_HEADERS, true)) {
            $headers[] = "$name: $value";
        }
    }
    // The same id for all that one request of the app leads to: on to the service, and into the log.
    $id = $_SERVER['HTTP_X_REQUEST_ID'] ?? bin2hex(random_bytes(8));
    if (!isset($_SERVER['HTTP_X_REQUEST_ID'])) {
        $headers[] = "X-Request-Id: $id";
    }
    error_log($_SERVER['REQUEST_METHOD'] . ' ' . strtok($url, '?') . " $id");
    $http = [
        'method' => $_SERVER['REQUEST_METHOD'],
        'header' => $headers,
        'protocol_version' => 1.1,
        'ignore_errors' => true,
        'follow_location' => 0,
        'timeout' => 60,
    ];
    $body = (string) file_get_contents('php://input');
    if ($body !== '' || in_array($http['method'], ['POST', 'PUT', 'PATCH'], true)) {
        $http['content'] = $body;
    }
    $upstream = @fopen($url, 'r', false, stream_context_create(['http' => $http]));
    if ($upstream === false) {
        return error_get_last()['message'] ?? 'no connection';
    }
    foreach (stream_get_meta_data($upstream)['wrapper_data'] as $line) {
        if (preg_match('#^HTTP/\S+ (\d{3})#', $line, $match)) {
            http_response_code((int) $match[1]);
            continue;
        }
        $name = strtolower((string) strstr($line, ':', true));
        if ($name !== '' && !in_array($name, ['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'upgrade'], true)) {
            header($line, false);
        }
    }
    fpassthru($upstream);
    fclose($upstream);
    return null;
}
