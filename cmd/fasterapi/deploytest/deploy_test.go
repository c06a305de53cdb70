package deploytest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// golden is a file that the tests of package deploy compare with what it writes.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../internal/deploy/testdata/" + name)
	require.NoError(t, err)
	return text
}

// TestManifestsAreKubernetes: each decodes into its type, where an unknown field is an error,
// and has the numbers of the service.
func TestManifestsAreKubernetes(t *testing.T) {
	var (
		config     corev1.ConfigMap
		secret     corev1.Secret
		deployment appsv1.Deployment
		service    corev1.Service
		scaler     autoscalingv2.HorizontalPodAutoscaler
		budget     policyv1.PodDisruptionBudget
		network    networkingv1.NetworkPolicy
	)
	into := map[string]any{
		"ConfigMap": &config, "Secret": &secret, "Deployment": &deployment, "Service": &service,
		"HorizontalPodAutoscaler": &scaler, "PodDisruptionBudget": &budget, "NetworkPolicy": &network,
	}
	for _, text := range bytes.Split(golden(t, "shop.kubernetes"), []byte("\n---\n")) {
		var head struct{ Kind string }
		require.NoError(t, yaml.Unmarshal(text, &head))
		target, ok := into[head.Kind]
		require.True(t, ok, "a second %s, or one that nobody expects", head.Kind)
		require.NoError(t, yaml.UnmarshalStrict(text, target), head.Kind)
		delete(into, head.Kind)
	}
	require.Empty(t, into)

	pod := deployment.Spec.Template.Spec
	require.EqualValues(t, 5+25+10, *pod.TerminationGracePeriodSeconds, "delay, drain and margin")
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Nil(t, deployment.Spec.Replicas, "the autoscaler's")
	require.Equal(t, deployment.Spec.Selector.MatchLabels, deployment.Spec.Template.Labels)
	require.Equal(t, service.Spec.Selector, deployment.Spec.Template.Labels)
	require.Equal(t, pod.TopologySpreadConstraints[0].LabelSelector.MatchLabels, deployment.Spec.Template.Labels)
	app := pod.Containers[0]
	require.EqualValues(t, 8080, app.Ports[0].ContainerPort)
	require.Equal(t, "/live", app.LivenessProbe.HTTPGet.Path)
	require.Equal(t, "/readyz", app.ReadinessProbe.HTTPGet.Path)
	require.EqualValues(t, 8080, app.ReadinessProbe.HTTPGet.Port.IntValue())
	require.Equal(t, "2", app.Resources.Limits.Cpu().String())
	require.Equal(t, "1Gi", app.Resources.Limits.Memory().String())
	require.Nil(t, app.Lifecycle, "the service waits by itself")
	require.True(t, *app.SecurityContext.ReadOnlyRootFilesystem)
	mounted := map[string]bool{}
	for _, m := range app.VolumeMounts {
		mounted[m.Name] = m.MountPath == "/tmp"
	}
	require.Equal(t, map[string]bool{"tmp": true}, mounted)
	for _, e := range app.Env {
		if e.ValueFrom != nil {
			require.Equal(t, secret.Name, e.ValueFrom.SecretKeyRef.Name)
			require.Contains(t, secret.StringData, e.ValueFrom.SecretKeyRef.Key)
		}
	}
	require.Equal(t, "4", config.Data["WORKERS"])
	require.EqualValues(t, 3, *scaler.Spec.MinReplicas)
	require.EqualValues(t, 9, scaler.Spec.MaxReplicas)
	require.Equal(t, deployment.Name, scaler.Spec.ScaleTargetRef.Name)
	require.EqualValues(t, 1, budget.Spec.MaxUnavailable.IntValue())
	require.EqualValues(t, 8080, network.Spec.Ingress[0].Ports[0].Port.IntValue())
}

// TestDockerfileIsOne: BuildKit's parser reads it, and it ends as somebody who is not root.
func TestDockerfileIsOne(t *testing.T) {
	parsed, err := parser.Parse(bytes.NewReader(golden(t, "shop.Dockerfile")))
	require.NoError(t, err)
	require.Empty(t, parsed.Warnings)
	var words, user []string
	for _, node := range parsed.AST.Children {
		words = append(words, strings.ToUpper(node.Value))
		if strings.EqualFold(node.Value, "user") {
			user = append(user, node.Next.Value)
		}
	}
	require.Equal(t, []string{"65532:65532"}, user)
	require.Equal(t, "FROM", words[0])
	require.Equal(t, "ENTRYPOINT", words[len(words)-1])
	require.Contains(t, words, "HEALTHCHECK")
}
