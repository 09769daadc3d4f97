<?php
// Runs once, before the server: {NAME}_URL becomes the upstream "name".
declare(strict_types=1);

$upstreams = [];
foreach (getenv() as $name => $value) {
    if (preg_match('/^([A-Z][A-Z0-9_]*)_URL$/', $name, $match) && preg_match('#^https?://#', $value)) {
        $upstreams[strtolower(strtr($match[1], '_', '-'))] = rtrim($value, '/');
    }
}
ksort($upstreams);
$file = getenv('UPSTREAMS_FILE') ?: sys_get_temp_dir() . '/upstreams.json';
if (file_put_contents($file, json_encode($upstreams, JSON_UNESCAPED_SLASHES)) === false) {
    fwrite(STDERR, "cannot write $file\n");
    exit(1);
}
foreach ($upstreams as $service => $url) {
    fwrite(STDERR, "upstream $service: $url\n");
}
if ($upstreams === []) {
    fwrite(STDERR, "no upstream: set ACCOUNT_URL, PAYMENT_URL, USER_URL\n");
}
