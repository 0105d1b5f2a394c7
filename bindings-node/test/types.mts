// Compiled, never run: the declarations say what the package does.

import { build, buildAsync, buildFiles, buildMany, buildManyAsync, Cache, GitopsError, review, reviewAsync, YamlError } from 'gitops-core'
import type { Build, Diagnostic, FieldHistory, Finding, LoadRestrictor, Location, Review, Step } from 'gitops-core'

const restrictor: LoadRestrictor = 'none'
const result: Build = build(new URL('file:///app'), { loadRestrictor: restrictor, root: '/' })
const yaml: string = result.yaml
const name: string | undefined = result.objects[0]?.metadata?.name
const warning: Diagnostic | undefined = result.warnings[0]
const place: Location | undefined = result.location(0, ['spec', 'containers', 0])
const steps: Step[] = build('app', { history: true }).history(0, ['spec'])
const histories: FieldHistory[] = result.fieldHistories(0)
const annotated: string = result.annotatedYaml() + steps[0]?.kind + histories[0]?.steps[0]?.requestedAt?.line
const later: Promise<Build> = buildAsync('app')
buildFiles({ 'kustomization.yaml': new Uint8Array() }, 'app')
buildFiles(new Map([['kustomization.yaml', '']]), '', { strict: ['unused-var'] })
build('app', { strict: 'all', profile: 'flux', remoteBases: { 'https://github.com/a/b': 'b' }, vendorDir: 'vendor' })

const cache: Cache = new Cache()
const many: (Build | GitopsError)[] = buildMany(['a', new URL('file:///b')], { cache, threads: 2 })
const laterMany: Promise<(Build | GitopsError)[]> = buildManyAsync([], { limits: { maxDepth: 50 } })

const reviewed: Review = review('.', 'main', 'HEAD', { useMergeBase: true, environments: ['prod*'], live: { prod: [{ kind: 'Pod' }] } })
const findings: Finding[] = reviewed.environments.flatMap((environment) => environment.findings)
const edit: number | undefined = findings.find(({ status }) => status === 'new')?.location?.line
const comment: string = reviewed.markdown({ budget: 1000 }) + reviewed.sarif() + reviewed.json
const laterReviewed: Promise<Review> = reviewAsync('.', 'main', 'HEAD')

// @ts-expect-error: a finding has no such status.
findings.some(({ status }) => status === 'old')
// @ts-expect-error: there is no such choice.
build('app', { loadRestrictor: 'all' })
// @ts-expect-error: codes are texts.
build('app', { strict: true })
// @ts-expect-error: there is no such option.
build('app', { loadRestricter: 'none' })
// @ts-expect-error: only the package makes builds.
new Build()

try {
  build('app')
} catch (error) {
  if (error instanceof YamlError) {
    const line: number | undefined = error.line
    const message: string = error.message
    console.log(line, message)
  } else if (error instanceof GitopsError) {
    console.log(error.code, error.kind, error.path)
  }
}

console.log(yaml, name, warning, place, annotated, later, edit, comment, laterReviewed, many, laterMany)
