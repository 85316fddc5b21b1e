namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>
/// Every shape of manifest that a corpus of about eighty found in the wild has, rewritten small, with what becomes of
/// it. What a real API server did with the corpus is in Recordings/seed-corpus; where a current one would do otherwise
/// than that old one (v1.21), the line says so.
/// </summary>
public sealed class CorpusShapesTests : IDisposable
{
    private const string NoAddress = "spec.clusterIP: is empty: no ClusterIP will be served";

    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <param name="what">What the shape is.</param>
    /// <param name="kind">"Service" and so on; the text is everything below kind.</param>
    /// <param name="text">The manifest below apiVersion and kind.</param>
    /// <param name="problem">"" when there is none.</param>
    [Theory]
    [InlineData("ClusterIP with labels, annotations, comments, several named ports, named targetPort and appProtocol", "Service",
        "metadata: # who\n  name: s\n  namespace: shop\n  labels: {app.kubernetes.io/name: s, "
            + "app.kubernetes.io/version: v2.1.0}\n  annotations:\n    # why\n    description: \"a: b\"\n    "
            + "prometheus.io/port: \"9091\"\nspec:\n  type: ClusterIP  # default\n  selector: {app.kubernetes.io/name: "
            + "s}\n  ports:\n    # one\n    - {name: http, protocol: TCP, port: 80, targetPort: 8080, appProtocol: "
            + "http}\n    - name: grpc\n      port: 9090\n      targetPort: grpc\n  ipFamilyPolicy: PreferDualStack\n  "
            + "ipFamilies:\n    - IPv4\n    - IPv6\n  sessionAffinity: None\n  internalTrafficPolicy: Cluster",
        true, NoAddress)]
    [InlineData("NodePort that asks for a health check port, which only LoadBalancers may", "Service",
        "metadata: {name: s}\nspec: {type: NodePort, ports: [{name: http, port: 80, "
            + "nodePort: 30080}], externalTrafficPolicy: Local, healthCheckNodePort: 32000}",
        false, "spec.healthCheckNodePort: 32000 may only be set when type is LoadBalancer and externalTrafficPolicy is Local")]
    [InlineData("LoadBalancer with a folded annotation, class, without node ports, local", "Service",
        "metadata:\n  name: s\n  annotations:\n    a.b/c: >-\n      x=1,\n      y=2\nspec: {type: "
            + "LoadBalancer, loadBalancerClass: service.k8s.aws/nlb, allocateLoadBalancerNodePorts: false, "
            + "ports: [{name: http, port: 80}, {name: https, port: 443}], externalTrafficPolicy: Local}",
        true, NoAddress)]
    [InlineData("LoadBalancer with JSON in a quoted annotation and a quoted switch", "Service",
        "metadata: {name: s, annotations: {a/b: '{\"ingress\": true}', a/c: \"on\"}}\nspec: {type: LoadBalancer, ports: [{port: 80}]}",
        true, NoAddress)]
    [InlineData("annotations that hold only a comment", "Service",
        "metadata:\n  name: s\n  annotations:\n    # none yet\nspec: {ports: [{port: 80}]}",
        true, NoAddress)]
    [InlineData("LoadBalancer with a health check port", "Service",
        "metadata: {name: s}\nspec: {type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000, ports: [{port: 80}]}",
        true, NoAddress)]
    [InlineData("LoadBalancer with UDP and affinity for a day", "Service",
        "metadata: {name: s}\nspec: {type: LoadBalancer, externalTrafficPolicy: Local, sessionAffinity: ClientIP, "
            + "sessionAffinityConfig: {clientIP: {timeoutSeconds: 86400}}, ports: [{name: game, port: 7777, protocol: UDP}]}",
        true, NoAddress)]
    [InlineData("LoadBalancer of TCP and UDP: refused before 1.24 (mixed protocols), accepted since", "Service",
        "metadata: {name: s}\nspec: {type: LoadBalancer, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}",
        true, NoAddress)]
    [InlineData("trafficDistribution: unknown to the old server's kubectl, known since 1.30", "Service",
        "metadata: {name: s}\nspec: {ports: [{port: 80}], trafficDistribution: PreferClose}",
        true, NoAddress)]
    [InlineData(
        "ExternalName", "Service", "metadata: {name: s}\nspec:\n  type: ExternalName\n  externalName: db.example.com  # outside", true, "")]
    [InlineData("headless", "Service", "metadata: {name: s}\nspec: {clusterIP: None, ports: [{port: 80}], publishNotReadyAddresses: false}",
        true, "")]
    [InlineData("headless with clusterIP at the end", "Service",
        "metadata: {name: s}\nspec:\n  ports:\n  - port: 80\n  clusterIP: None # yes", true, "")]
    [InlineData("without selector", "Service", "metadata: {name: s}\nspec: {ports: [{port: 80}]}", true, NoAddress)]
    [InlineData("with externalIPs and without selector", "Service",
        "metadata: {name: s}\nspec: {ports: [{port: 80}], externalIPs: [192.0.2.1, 192.0.2.2]}", true, NoAddress)]
    [InlineData("topology annotation", "Service",
        "metadata: {name: s, annotations: {service.kubernetes.io/topology-mode: Auto}}\nspec: {ports: [{port: 80}]}", true, NoAddress)]
    [InlineData("internalTrafficPolicy Local", "Service", "metadata: {name: s}\nspec: {ports: [{port: 80}], internalTrafficPolicy: Local}",
        true, NoAddress)]
    [InlineData("given ClusterIP without quotes", "Service",
        "metadata: {name: s}\nspec: {clusterIP: 10.96.100.100, ports: [{name: http, port: 80, "
            + "protocol: TCP}, {name: https, port: 443, protocol: TCP}], sessionAffinity: None}",
        true, "")]
    [InlineData("selector with a quoted number", "Service", "metadata: {name: s}\nspec: {selector: {version: \"0\"}, ports: [{port: 80}]}",
        true, NoAddress)]
    [InlineData("without ports", "Service", "metadata: {name: s}\nspec:\n  selector:\n    app: s\n    version: v2  # changes", false,
        "spec.ports: a Service needs at least one port")]
    [InlineData("hand-made slice with host names and zones", "EndpointSlice",
        "metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}\naddressType: IPv4\nports: [{name: https, "
            + "appProtocol: https, protocol: TCP, port: 443}]\nendpoints:\n  - addresses:\n      - \"203.0.113.10\"\n    "
            + "conditions: {ready: true, serving: true, terminating: false}\n    hostname: s-1\n    zone: zone-a",
        true, "")]
    [InlineData("slice with an empty port name", "EndpointSlice",
        "metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}\naddressType: IPv4\nports: [{name: \"\", "
            + "appProtocol: mysql, protocol: TCP, port: 3306}]\nendpoints: [{addresses: [\"10.0.1.50\"], conditions: {ready: true}}]",
        true, "")]
    [InlineData("slice with owner, targetRef and old topology: a control plane's garbage collector would remove it, its owner being none",
        "EndpointSlice",
        "metadata: {name: s-1, labels: {kubernetes.io/service-name: s}, ownerReferences: [{apiVersion: v1, kind: "
            + "Service, name: s, uid: x}]}\naddressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: "
            + "[\"10.244.1.10\"], nodeName: n1, targetRef: {kind: Pod, name: p}, deprecatedTopology: {kubernetes.io/hostname: n1}}]",
        true, "")]
    [InlineData("Endpoints of a Service of the same name", "Endpoints",
        "metadata:\n  name: s  # as the Service\nsubsets:\n- addresses:\n  - ip: "
            + "192.0.2.100\n  - ip: 192.0.2.101\n  ports:\n  - port: 3306",
        true, "")]
    public async Task A_shape_found_in_the_wild_is_taken_or_refused(string what, string kind, string text, bool accepted, string problem)
    {
        folder.With("x.yaml", $"# {what}\napiVersion: {(kind == "EndpointSlice" ? "discovery.k8s.io/v1" : "v1")}\nkind: {kind}\n{text}\n");
        var loaded = await folder.LoadAsync();
        Assert.Equal(accepted, loaded.Snapshot.Services.Count == 1);
        Assert.Equal(accepted, loaded.Errors.Count == 0);
        var problems = loaded.Source.Problems;
        if (problem.Length == 0) Assert.Empty(problems);
        else Assert.Contains(problem, Assert.Single(problems).ToString());
    }

    [Fact]
    public async Task A_node_port_of_another_service_was_the_end_of_four_manifests()
    {
        // The corpus applies the same Service four times: once without ports, three times with a node port that is taken.
        folder.With("1-nodeport.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: first}, spec: {clusterIP: "
                + "10.96.0.1, type: NodePort, ports: [{port: 80, nodePort: 30080}]}}");
        folder.With("2-noports.yaml", "{apiVersion: v1, kind: Service, metadata: {name: webapp}, spec: {selector: {app: webapp}}}");
        foreach (var version in new[] { "3", "4", "5" })
            folder.With($"{version}-taken.yaml",
                $"{{apiVersion: v1, kind: Service, metadata: {{name: webapp}}, spec: {{clusterIP: "
                    + $"10.96.0.{version}, type: NodePort, ports: [{{name: http, port: 80, nodePort: 30080}}]}}}}");
        folder.With("6-elsewhere.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: webapp, namespace: shop}, "
                + "spec: {clusterIP: 10.96.0.6, ports: [{name: http, port: 80}]}}");

        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/first", "shop/webapp"], loaded.ServiceNames);
        Assert.Equal(4, loaded.Errors.Count);
        Assert.Contains("2-noports.yaml:1:65: Service default/webapp: spec.ports: a Service needs at least one port", loaded.Errors[0]);
        Assert.All(
            loaded.Errors.Skip(1), e => Assert.Contains("spec.ports[0].nodePort: 30080 is already allocated to Service default/first", e));
    }
}
