import { type FormEvent, useState } from "react";
import { sayRefusal } from "../words/say.ts";

/** A form that is busy while it is sent and says in words what was refused. */
export function useForm<T extends object>(first: T, send: (values: T) => Promise<unknown>) {
  const [values, setValues] = useState(first);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const set = (part: Partial<T>) => {
    setError(undefined);
    setValues((before) => ({ ...before, ...part }));
  };
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await send(values);
    } catch (thrown) {
      setError(sayRefusal(thrown));
    }
    setBusy(false);
  };
  return { values, set, busy, error, onSubmit: (event?: FormEvent) => void submit(event) };
}
