// A base and an overlay that the tests build.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const FILES = {
  'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
  'base/deployment.yaml': `\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.27
`,
  'prod/kustomization.yaml': 'namespace: prod\nresources: [../base]\npatches:\n- path: patch.yaml\n',
  'prod/patch.yaml': `\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
`,
}

export const RENDERED = `\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: prod
spec:
  replicas: 3
  template:
    spec:
      containers:
      - image: nginx:1.27
        name: web
`

/** A temporary folder with these files, removed when the test ends. */
export function onDisk(test, files = FILES) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gitops-core-')))
  test.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}
