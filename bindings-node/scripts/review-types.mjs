// Writes `review.d.ts` from the JSON Schema of a review, so that the types are the JSON's.
// With `--check`, only says whether the file is up to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'node:util'

const SCHEMA = new URL('../../gitops-core/schemas/review.schema.json', import.meta.url)
const OUTPUT = new URL('../review.d.ts', import.meta.url)

// Written by hand in index.d.ts, since a build has them too.
const SHARED = { location: 'Location', diagnostic: 'Diagnostic' }
const NAMES = { environment: 'EnvironmentReview', root: 'ReviewData' }

const capitalized = (name) => name[0].toUpperCase() + name.slice(1)
const typeName = (name) => SHARED[name] ?? NAMES[name] ?? capitalized(name)
const literal = (value) => `'${value}'`

function typeOf(schema) {
  if (schema.$ref) return typeName(schema.$ref.split('/').at(-1))
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  switch (schema.type) {
    case 'array':
      return `${typeOf(schema.items)}[]`
    case 'integer':
      return 'number'
    case 'string':
    case 'boolean':
      return schema.type
    case undefined:
      return 'unknown'
    default:
      throw new Error(format('no TypeScript type for %j', schema))
  }
}

const comment = (text, indent = '') => (text ? `${indent}/** ${text} */\n` : '')

function interfaceOf(name, schema) {
  const fields = Object.entries(schema.properties).map(([field, type]) => {
    const optional = schema.required?.includes(field) ? '' : '?'
    return `${comment(type.description, '  ')}  ${field}${optional}: ${typeOf(type)}\n`
  })
  return `${comment(schema.description)}export interface ${typeName(name)} {\n${fields.join('')}}\n`
}

const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'))
const definitions = Object.entries({ ...schema.$defs, root: schema }).filter(([name]) => !(name in SHARED))
const text = [
  '// Made by scripts/review-types.mjs from gitops-core/schemas/review.schema.json.\n',
  `import type { ${Object.values(SHARED).sort().join(', ')} } from './index.js'\n`,
  ...definitions.map(([name, definition]) => interfaceOf(name, definition)),
].join('\n')

if (process.argv.includes('--check')) {
  if (readFileSync(OUTPUT, 'utf8') !== text) {
    console.error('review.d.ts is out of date; run `npm run types`')
    process.exitCode = 1
  }
} else {
  writeFileSync(OUTPUT, text)
}
