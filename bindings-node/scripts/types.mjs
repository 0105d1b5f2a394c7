// Writes `review.d.ts` and `drift.d.ts` from the JSON Schemas of a review, of a drift report and of a plan,
// so that the types are the JSON's. With `--check`, only says whether the files are up to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'node:util'

/** What each file is made of, and where the types come from that it does not make itself. */
const FILES = {
  'review.d.ts': {
    // Written by hand in index.d.ts, since a build has them too.
    from: { './index.js': ['location', 'diagnostic'] },
    schemas: { review: 'ReviewData' },
  },
  'drift.d.ts': {
    from: { './index.js': ['location', 'diagnostic'], './review.js': ['fieldDrift', 'manager', 'objectId'] },
    schemas: { drift: 'DriftData', plan: 'PlanData' },
  },
}
const NAMES = { environment: 'EnvironmentReview' }

const typeName = (name) => NAMES[name] ?? name[0].toUpperCase() + name.slice(1)
const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value))

function typeOf(schema) {
  if (schema.$ref) return typeName(schema.$ref.split('/').at(-1))
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  switch (schema.type) {
    case 'array': {
      const item = typeOf(schema.items)
      return item.includes(' ') ? `(${item})[]` : `${item}[]`
    }
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
  return `${comment(schema.description)}export interface ${name} {\n${fields.join('')}}\n`
}

function fileOf({ from, schemas }) {
  const elsewhere = Object.values(from).flat()
  const sources = Object.keys(schemas).map((name) => `gitops-core/schemas/${name}.schema.json`)
  const imports = Object.entries(from).map(([file, names]) => {
    return `import type { ${names.map(typeName).sort().join(', ')} } from '${file}'\n`
  })
  const interfaces = Object.entries(schemas).flatMap(([name, root], at) => {
    const schema = JSON.parse(readFileSync(new URL(`../../${sources[at]}`, import.meta.url), 'utf8'))
    const own = Object.entries(schema.$defs).filter(([definition]) => !elsewhere.includes(definition))
    return [...own.map(([definition, type]) => interfaceOf(typeName(definition), type)), interfaceOf(root, schema)]
  })
  return [`// Made by scripts/types.mjs from ${sources.join(' and ')}.\n`, imports.join(''), ...interfaces].join('\n')
}

for (const [name, file] of Object.entries(FILES)) {
  const output = new URL(`../${name}`, import.meta.url)
  const text = fileOf(file)
  if (!process.argv.includes('--check')) {
    writeFileSync(output, text)
  } else if (readFileSync(output, 'utf8') !== text) {
    console.error(`${name} is out of date; run \`npm run types\``)
    process.exitCode = 1
  }
}
