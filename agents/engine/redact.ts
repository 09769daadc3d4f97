const SECRET_NAME = /SECRET|TOKEN|PASS|KEY|CREDENTIAL|DSN/i;

/** Hides values of variables that look like secrets from what a container prints (FAILURE_MODES 45). */
export function redactor(variables: Record<string, string>): (text: string) => string {
  const values = Object.entries(variables)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= 6)
    .flatMap(([, value]) => [value, encodeURIComponent(value), ...value.split('\n').filter((line) => line.length >= 6)])
    .sort((left, right) => right.length - left.length);
  return (text) => values.reduce((clean, value) => clean.replaceAll(value, '***'), text);
}
