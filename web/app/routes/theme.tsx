import { redirect, type ActionFunctionArgs } from '@remix-run/node';
import { safePath } from '../api.server.ts';
import { writeTheme } from '../theme.server.ts';

export const loader = () => redirect('/');

export async function action({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  const headers = { 'Set-Cookie': await writeTheme(form.get('theme')) };
  const to = form.get('to');
  // A script's fetcher stays on its page; a plain form comes back to it.
  return typeof to === 'string' ? redirect(safePath(to), { headers }) : Response.json({ ok: true }, { headers });
}
