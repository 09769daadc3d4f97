import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { Form, useNavigation } from '@remix-run/react';
import type { LoginResponse, Problem, WhoAmI } from '#schema/http';
import { apiOf, safePath } from '../api.server.ts';
import { useAnswer } from '../loaded.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Logo } from '../ui/logo.tsx';
import { ProblemNotice } from '../ui/notice.tsx';

export const meta: MetaFunction = () => [{ title: 'Log in · SDP' }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const url = new URL(request.url);
  // Somebody whose login can no longer fetch comes here on purpose, with a session.
  if (url.searchParams.has('again')) return null;
  let session = false;
  try {
    session = (await apiOf(request, context).try<WhoAmI>('/whoami')).ok;
  } catch (thrown) {
    if (!(thrown instanceof Response)) throw thrown;
  }
  return session ? redirect(safePath(url.searchParams.get('to'))) : null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const username = String(form.get('username') ?? '').trim();
  const password = String(form.get('password') ?? '');
  const result = await apiOf(request, context).try<LoginResponse>('/login?cookie=1', {
    method: 'POST',
    json: { username, password },
  });
  if (!result.ok) return data({ username, problem: result.problem }, { status: result.problem.status });
  const headers = new Headers();
  for (const cookie of result.response.headers.getSetCookie()) headers.append('Set-Cookie', cookie);
  return redirect(safePath(new URL(request.url).searchParams.get('to')), { headers });
}

export default function Login() {
  const answer = useAnswer<{ username: string; problem: Problem }>();
  const busy = useNavigation().state !== 'idle';
  return (
    <main className="grid min-h-dvh place-items-center px-5 py-10">
      <div className="w-full max-w-sm space-y-7">
        <div className="space-y-4">
          <Logo className="size-11" />
          <div className="space-y-1.5">
            <h1 className="text-2xl font-semibold tracking-tight">Log in to SDP</h1>
            <p className="text-ink-2">
              Test feature branches in a sandbox of their own. Everything else keeps coming from OCP.
            </p>
          </div>
        </div>
        {answer?.problem !== undefined && <ProblemNotice problem={answer.problem} />}
        <Form method="post" className="space-y-4">
          <Field
            label="User name"
            name="username"
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            required
            autoFocus
            defaultValue={answer?.username}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            help="Your Bitbucket login or token. It is checked against git, kept in memory only, and forgotten when you log out."
          />
          <Button look="primary" busy={busy} className="w-full">
            {busy ? 'Asking the git server' : 'Log in'}
          </Button>
        </Form>
      </div>
    </main>
  );
}
