/** Second line of defence (C4): an agent's error must not bring the password back that its command carried. */
import { SdpError } from '#schema/errors';
import type { Command } from '#schema/wire/commands';

/** What was thrown, with the password in any of its usual forms taken out. */
export function withoutCredentials(command: Command, thrown: unknown): unknown {
  if (!('credentials' in command) || command.credentials === undefined || !(thrown instanceof SdpError)) return thrown;
  const { username, password } = command.credentials;
  const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '');
  const forms = [password, encodeURIComponent(password), base64(password), base64(`${username}:${password}`)];
  const text = JSON.stringify(thrown.toBody());
  // As JSON, because that is how the body is searched: quotes and backslashes of a password are escaped in it.
  const found = forms.map((form) => JSON.stringify(form).slice(1, -1)).filter((form) => text.includes(form));
  if (found.length === 0) return thrown;
  const clean = found.reduce((rest, form) => rest.replaceAll(form, '***'), text);
  try {
    return SdpError.fromBody(JSON.parse(clean) as ReturnType<SdpError['toBody']>);
  } catch {
    return new SdpError(thrown.code, 'The agent refused.');
  }
}
