/** The chosen theme, in a cookie, so that the first paint has it. */
import { createCookie } from '@remix-run/node';
import { THEMES, type Theme } from './ui/theme-toggle.tsx';

export const themeCookie = createCookie('sdp_theme', {
  path: '/',
  sameSite: 'lax',
  httpOnly: true,
  maxAge: 31_536_000,
});

function themeOf(value: unknown): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system';
}

export async function readTheme(request: Request): Promise<Theme> {
  return themeOf(await themeCookie.parse(request.headers.get('cookie')));
}

export async function writeTheme(value: unknown): Promise<string> {
  return themeCookie.serialize(themeOf(value));
}
