import { useId, useRef } from "react";
import "./code-boxes.css";

/**
 * A one-time code in as many boxes as it has digits. One real input lies over the boxes, so that paste, autofill from
 * a message, deleting and screen readers all work as in any field.
 */
export function CodeBoxes(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  onComplete?: (value: string) => void;
  length?: number;
  error?: string | undefined;
  autoFocus?: boolean;
  disabled?: boolean;
}) {
  const { label, value, onChange, onComplete, length = 6, error, autoFocus = false, disabled = false } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const take = (text: string) => {
    const digits = text.replace(/\D/g, "").slice(0, length);
    onChange(digits);
    if (digits.length === length && digits !== value) onComplete?.(digits);
  };
  return (
    <div className="code-boxes" data-error={error ? true : undefined}>
      <label className="sr-only" htmlFor={id}>
        {label}
      </label>
      <input
        ref={input}
        id={id}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="[0-9]*"
        value={value}
        readOnly={disabled} // disabled would take the focus away
        // biome-ignore lint/a11y/noAutofocus: the code is the only thing to do on this page
        autoFocus={autoFocus}
        aria-invalid={error !== undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={(event) => take(event.currentTarget.value)}
      />
      <div className="code-boxes-row" aria-hidden="true" style={{ gridTemplateColumns: `repeat(${length}, 1fr)` }}>
        {Array.from({ length }, (_, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity
          <b key={place} data-next={place === Math.min(value.length, length - 1) ? true : undefined}>
            {value[place] ?? ""}
          </b>
        ))}
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="code-boxes-error">
          {error}
        </p>
      )}
    </div>
  );
}
