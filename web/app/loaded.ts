/** A loader's data with its exact type: what we load is plain JSON, which arrives as it was. */
import { useActionData, useLoaderData } from '@remix-run/react';

export function useLoaded<L extends (...args: never[]) => Promise<unknown>>(): Awaited<ReturnType<L>> {
  return useLoaderData() as Awaited<ReturnType<L>>;
}

/** An action's answer with its exact type; undefined before the form was sent. */
export function useAnswer<T>(): T | undefined {
  return useActionData() as T | undefined;
}
