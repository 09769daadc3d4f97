<?php
// /{service}/... goes to that service as it is; / lists the services.
declare(strict_types=1);

require __DIR__ . '/../src/forward.php';

$file = getenv('UPSTREAMS_FILE') ?: sys_get_temp_dir() . '/upstreams.json';
$upstreams = json_decode((string) file_get_contents($file), true, 4, JSON_THROW_ON_ERROR);

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/';
$service = explode('/', $path)[1] ?? '';

if ($path === '/healthz') {
    answer(200, ['service' => 'gateway', 'status' => 'ok']);
} elseif ($service === '') {
    answer(200, [
        'service' => 'gateway',
        'servedBy' => 'sandbox',
        'branch' => trim((string) file_get_contents(__DIR__ . '/../BRANCH')),
        'hostname' => gethostname(),
        'upstreams' => $upstreams,
    ]);
} elseif (!isset($upstreams[$service])) {
    answer(404, ['service' => 'gateway', 'error' => "There is no service \"$service\".", 'services' => array_keys($upstreams)]);
} else {
    $error = forward($upstreams[$service] . $_SERVER['REQUEST_URI']);
    if ($error !== null) {
        answer(502, ['service' => 'gateway', 'error' => "$service did not answer: $error"]);
    }
}
