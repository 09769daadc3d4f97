import { redirect, type ActionFunctionArgs } from '@remix-run/node';
import { apiOf } from '../api.server.ts';

export const loader = () => redirect('/');

export async function action({ request, context }: ActionFunctionArgs) {
  const result = await apiOf(request, context).try('/logout', { method: 'POST' });
  const headers = new Headers();
  if (result.ok) for (const cookie of result.response.headers.getSetCookie()) headers.append('Set-Cookie', cookie);
  return redirect('/login', { headers });
}
