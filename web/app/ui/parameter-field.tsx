import { useId } from 'react';
import type { TemplateParameter } from '#schema/documents';
import { cx } from './cx.ts';
import { Field, FieldShell, INPUT } from './field.tsx';

interface ParameterFieldProps {
  parameter: TemplateParameter;
  answer: string | undefined;
  error: string | undefined;
  onAnswer(answer: string): void;
}

/** What is said below the field: the help, and what an empty answer means. */
function helpOf({ help, default: standard, required }: TemplateParameter): string | undefined {
  const empty = standard !== undefined ? `Left empty: ${standard}` : required === false ? 'May be left empty' : undefined;
  const said = [help, empty].filter((part) => part !== undefined);
  return said.length === 0 ? undefined : said.join(' · ');
}

/** The field of one question of a template, in the form that its type calls for; named `p.NAME`. */
export function ParameterField({ parameter, answer, error, onAnswer }: ParameterFieldProps) {
  const id = useId();
  const { name, type = 'string', default: standard, description, choices } = parameter;
  const label = description ?? name;
  const required = standard === undefined && parameter.required !== false;
  const help = helpOf(parameter);
  if (type === 'choice' || type === 'boolean') {
    const options = type === 'boolean' ? ['true', 'false'] : choices ?? [];
    return (
      <FieldShell id={id} label={label} help={parameter.help} error={error}>
        {(described) => (
          <select
            id={id}
            name={`p.${name}`}
            required={required}
            aria-describedby={described}
            aria-invalid={error === undefined ? undefined : true}
            defaultValue={answer ?? (standard === undefined ? '' : String(standard))}
            onChange={(event) => onAnswer(event.target.value)}
            className={cx(INPUT, 'w-full', error !== undefined && 'border-bad')}
          >
            {standard === undefined && <option value="">{required ? 'Choose…' : '(none)'}</option>}
            {options.map((option) => (
              <option key={option} value={option}>
                {type === 'boolean' ? (option === 'true' ? 'Yes' : 'No') : option}
              </option>
            ))}
          </select>
        )}
      </FieldShell>
    );
  }
  return (
    <Field
      label={label}
      name={`p.${name}`}
      type={type === 'number' ? 'number' : 'text'}
      {...(type === 'number' ? { step: 'any', min: parameter.minimum, max: parameter.maximum } : {})}
      {...(type === 'number' ? {} : { pattern: parameter.pattern, minLength: parameter.minLength, maxLength: parameter.maxLength })}
      required={required}
      placeholder={standard === undefined ? undefined : String(standard)}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      mono
      defaultValue={answer}
      onChange={(event) => onAnswer(event.target.value.trim())}
      help={help}
      error={error}
    />
  );
}
