// The verdict of the real Pod Security admission on pods and workloads.
//
// Reads one object as JSON per line: a Pod, or a workload whose template is judged. Writes one line for
// each: {"verdicts": [...]} with an entry for every minor release at which the answer changes, oldest
// first, or {"error": "..."} for what is no such object.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
)

// newest is past every release that a check knows, so that what is said of later ones is seen too.
const newest = 40

// verdict is what holds from a minor release on: by level, the checks that fail and why.
type verdict struct {
	Since      int               `json:"since"`
	Baseline   map[string]string `json:"baseline"`
	Restricted map[string]string `json:"restricted"`
}

type judge struct {
	evaluator policy.Evaluator
	checks    []policy.Check
}

// active gives the identifiers of the checks of a level, in the order in which they are evaluated.
func (j *judge) active(level api.Level, minor int) []string {
	version := api.MajorMinorVersion(1, minor)
	applies := func(check policy.Check) *policy.VersionedCheck {
		var found *policy.VersionedCheck
		for i := range check.Versions {
			if !version.Older(check.Versions[i].MinimumVersion) {
				found = &check.Versions[i]
			}
		}
		return found
	}
	var baseline, restricted []string
	overridden := map[string]bool{}
	for _, check := range j.checks {
		found := applies(check)
		switch {
		case found == nil:
		case check.Level == api.LevelBaseline:
			baseline = append(baseline, string(check.ID))
		case level == api.LevelRestricted:
			restricted = append(restricted, string(check.ID))
			for _, id := range found.OverrideCheckIDs {
				overridden[string(id)] = true
			}
		}
	}
	slices.Sort(baseline)
	slices.Sort(restricted)
	baseline = slices.DeleteFunc(baseline, func(id string) bool { return overridden[id] })
	return append(baseline, restricted...)
}

func (j *judge) failures(level api.Level, minor int, meta *metav1.ObjectMeta, spec *corev1.PodSpec) map[string]string {
	version := api.LevelVersion{Level: level, Version: api.MajorMinorVersion(1, minor)}
	results := j.evaluator.EvaluatePod(version, meta, spec)
	ids := j.active(level, minor)
	if len(ids) != len(results) {
		panic(fmt.Sprintf("%d checks, %d results at %v", len(ids), len(results), version))
	}
	failed := map[string]string{}
	for i, result := range results {
		if !result.Allowed {
			failed[ids[i]] = result.ForbiddenReason + ": " + result.ForbiddenDetail
		}
	}
	return failed
}

// pod reads the pod of an object, or its template.
func pod(line []byte) (*metav1.ObjectMeta, *corev1.PodSpec, error) {
	var kind metav1.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(line, &kind); err != nil {
		return nil, nil, err
	}
	read := func(into any) error { return kjson.UnmarshalCaseSensitivePreserveInts(line, into) }
	template := func(template *corev1.PodTemplateSpec, err error) (*metav1.ObjectMeta, *corev1.PodSpec, error) {
		return &template.ObjectMeta, &template.Spec, err
	}
	switch kind.Kind {
	case "Pod":
		var object corev1.Pod
		err := read(&object)
		return &object.ObjectMeta, &object.Spec, err
	case "PodTemplate":
		var object corev1.PodTemplate
		err := read(&object)
		return template(&object.Template, err)
	case "ReplicationController":
		var object corev1.ReplicationController
		err := read(&object)
		if object.Spec.Template == nil {
			object.Spec.Template = &corev1.PodTemplateSpec{}
		}
		return template(object.Spec.Template, err)
	case "ReplicaSet":
		var object appsv1.ReplicaSet
		err := read(&object)
		return template(&object.Spec.Template, err)
	case "Deployment":
		var object appsv1.Deployment
		err := read(&object)
		return template(&object.Spec.Template, err)
	case "DaemonSet":
		var object appsv1.DaemonSet
		err := read(&object)
		return template(&object.Spec.Template, err)
	case "StatefulSet":
		var object appsv1.StatefulSet
		err := read(&object)
		return template(&object.Spec.Template, err)
	case "Job":
		var object batchv1.Job
		err := read(&object)
		return template(&object.Spec.Template, err)
	case "CronJob":
		var object batchv1.CronJob
		err := read(&object)
		return template(&object.Spec.JobTemplate.Spec.Template, err)
	}
	return nil, nil, fmt.Errorf("kind %q has no pod", kind.Kind)
}

func main() {
	checks := policy.DefaultChecks()
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		panic(err)
	}
	judge := judge{evaluator, checks}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	out := bufio.NewWriter(os.Stdout)
	answer := json.NewEncoder(out)
	for lines.Scan() {
		meta, spec, err := pod(lines.Bytes())
		if err != nil {
			answer.Encode(map[string]string{"error": err.Error()})
			out.Flush()
			continue
		}
		var verdicts []verdict
		for minor := 0; minor <= newest; minor++ {
			now := verdict{
				Since:      minor,
				Baseline:   judge.failures(api.LevelBaseline, minor, meta, spec),
				Restricted: judge.failures(api.LevelRestricted, minor, meta, spec),
			}
			if last := len(verdicts) - 1; last < 0 ||
				!reflect.DeepEqual(verdicts[last].Baseline, now.Baseline) ||
				!reflect.DeepEqual(verdicts[last].Restricted, now.Restricted) {
				verdicts = append(verdicts, now)
			}
		}
		answer.Encode(map[string]any{"verdicts": verdicts})
		out.Flush()
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
