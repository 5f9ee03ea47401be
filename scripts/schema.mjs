/**
 * Writes schema/run.schema.json from the validator's own schema, so that the two can't drift. Run it after a build:
 * node scripts/schema.mjs
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');

export const schemaPath = join(packageFolder, 'schema', 'run.schema.json');

/** The text of schema/run.schema.json for the run schema of src/experiment/schema.ts. */
export function schemaText(runSchema) {
  const converted = toJsonSchema(runSchema, {
    target: 'draft-2020-12',
    // Checks that JSON Schema can't say: equal lengths, and what JSON has no way to write.
    ignoreActions: ['raw_check', 'finite'],
    // Long rows are checked by hand there; they carry their JSON Schema with them.
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : null),
    overrideAction: ({ valibotAction }) =>
      valibotAction.type === 'metadata' ? valibotAction.metadata.jsonSchema : null,
  });
  const { $schema, ...rest } = converted;
  const head = {
    $schema,
    title: 'A linefill run, schema version 1',
    description: 'All that a run measured. Field by field: src/experiment/run.ts.',
  };
  return `${oneLineLists(JSON.stringify({ ...head, ...rest }, null, 2))}\n`;
}

/** Lists of plain values stand on one line where they fit, as the formatter wants them. */
function oneLineLists(json) {
  return json.replace(/^( *)(.*)\[\n([^[\]{}]*?)\n *\](,?)$/gm, (all, indent, before, items, comma) => {
    const line = `${indent}${before}[${items.replace(/\n */g, ' ').trim()}]${comma}`;
    return line.length <= 110 ? line : all;
  });
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { runSchema } = await import('../dist/experiment/schema.js');
  writeFileSync(schemaPath, schemaText(runSchema));
}
