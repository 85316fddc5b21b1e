namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Services that an API server refuses are refused for the same reason, with object, field and what to do.</summary>
public sealed class ServiceRulesTests : IDisposable
{
    private const string Ip = "clusterIP: 10.96.0.1";
    private const string Port = "ports: [{port: 80}]";
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData($"{Ip}", "spec.ports: a Service needs at least one port")]
    [InlineData($"{Ip}, ports: []", "spec.ports: a Service needs at least one port")]
    [InlineData($"{Ip}, ports: http", "spec.ports: must be a list, not a string")]
    [InlineData($"{Ip}, ports: [80]", "spec.ports[0]: must be a map, not the number 80")]
    [InlineData($"{Ip}, ports: [{{name: a}}]", "spec.ports[0].port: a port needs a number")]
    [InlineData($"{Ip}, ports: [{{port: 0}}]", "spec.ports[0].port: 0 is not between 1 and 65535")]
    [InlineData($"{Ip}, ports: [{{port: 65536}}]", "spec.ports[0].port: 65536 is not between 1 and 65535")]
    [InlineData($"{Ip}, ports: [{{port: 99999999999}}]", "spec.ports[0].port: 99999999999 is not a whole number of 32 bits")]
    [InlineData($"{Ip}, ports: [{{port: 80.5}}]", "spec.ports[0].port: 80.5 is not a whole number of 32 bits")]
    [InlineData($"{Ip}, ports: [{{port: \"80\"}}]", "spec.ports[0].port: must be a whole number, not a string (without quotes)")]
    [InlineData(
        $"{Ip}, ports: [{{port: 80, protocol: HTTP}}]", "spec.ports[0].protocol: \"HTTP\" is not supported; use one of TCP, UDP, SCTP")]
    [InlineData($"{Ip}, ports: [{{port: 80, protocol: tcp}}]", "spec.ports[0].protocol: \"tcp\" is not supported")]
    [InlineData($"{Ip}, ports: [{{port: 80, targetPort: 70000}}]", "spec.ports[0].targetPort: 70000 is not between 1 and 65535")]
    [InlineData($"{Ip}, ports: [{{port: 80, targetPort: far-too-long-a-name}}]",
        "spec.ports[0].targetPort: \"far-too-long-a-name\": must be a port name")]
    [InlineData($"{Ip}, ports: [{{port: 80, targetPort: \"8080\"}}]", "spec.ports[0].targetPort: \"8080\": must be a port name")]
    [InlineData($"{Ip}, ports: [{{port: 80, name: Http}}]", "spec.ports[0].name: \"Http\": must be a lower case RFC 1123 label")]
    [InlineData($"{Ip}, ports: [{{port: 80, appProtocol: a b}}]", "spec.ports[0].appProtocol: \"a b\": must be a qualified name")]
    [InlineData(
        $"{Ip}, ports: [{{port: 80}}, {{port: 81, name: b}}]", "spec.ports[0].name: ports of a Service with more than one need names")]
    [InlineData(
        $"{Ip}, ports: [{{port: 80, name: a}}, {{port: 81, name: a}}]", "spec.ports[1].name: \"a\" is the name of another port already")]
    [InlineData($"{Ip}, ports: [{{port: 80, name: a}}, {{port: 80, name: b}}]", "spec.ports[1].port: 80/TCP is there already")]
    [InlineData($"{Ip}, ports: [{{port: 80, nodePort: 30080}}]", "spec.ports[0].nodePort: may not be used when type is ClusterIP")]
    [InlineData(
        $"{Ip}, type: NodePort, ports: [{{port: 80, nodePort: 80}}]", "spec.ports[0].nodePort: 80 is not in the valid range 30000-32767")]
    [InlineData($"{Ip}, type: NodePort, ports: [{{port: 80, name: a, nodePort: 30080}}, {{port: 81, name: b, nodePort: 30080}}]",
        "spec.ports[1].nodePort: 30080/TCP is there already")]
    [InlineData($"{Ip}, type: LoadBalancer, ports: [{{port: 10250}}]", "spec.ports[0].port: 10250 may not be exposed externally")]
    [InlineData($"{Ip}, {Port}, type: Cluster",
        "spec.type: \"Cluster\" is not supported; use one of ClusterIP, NodePort, LoadBalancer, ExternalName")]
    [InlineData($"clusterIP: 10.96.0, {Port}", "spec.clusterIP: \"10.96.0\" is not an IP address")]
    [InlineData($"clusterIP: none, {Port}", "spec.clusterIP: \"none\" is not an IP address")]
    [InlineData($"clusterIP: 10.96, {Port}", "spec.clusterIP: must be a string, not the number 10.96 (quote it)")]
    [InlineData($"clusterIP: 127.0.0.1, {Port}", "spec.clusterIP: 127.0.0.1 can be in no cluster's Service range")]
    [InlineData($"clusterIP: 10.96.0.1, clusterIPs: [10.96.0.2], {Port}",
        "spec.clusterIPs: the first entry, \"10.96.0.2\", must be the same as clusterIP")]
    [InlineData(
        $"clusterIPs: [10.96.0.1, 10.96.0.2], ipFamilyPolicy: RequireDualStack, {Port}", "spec.clusterIPs: both addresses are IPv4")]
    [InlineData($"clusterIPs: [10.96.0.1, \"fd00::1\", \"fd00::2\"], ipFamilyPolicy: RequireDualStack, {Port}",
        "spec.clusterIPs: 3 addresses; one of each family is the most")]
    [InlineData($"clusterIPs: [None, 10.96.0.1], {Port}", "spec.clusterIPs: None must be the only entry")]
    [InlineData($"clusterIPs: [10.96.0.1, \"fd00::1\"], {Port}",
        "spec.ipFamilyPolicy: must be PreferDualStack or RequireDualStack when there are two clusterIPs")]
    [InlineData($"{Ip}, ipFamilies: [IPv4, IPv6], {Port}",
        "spec.ipFamilyPolicy: must be PreferDualStack or RequireDualStack when there are two ipFamilies")]
    [InlineData($"{Ip}, ipFamilies: [IPv6], {Port}", "spec.clusterIPs: 10.96.0.1 is not IPv6 as ipFamilies[0] says")]
    [InlineData($"{Ip}, ipFamilies: [ipv4], {Port}", "spec.ipFamilies[0]: \"ipv4\" is not supported; use one of IPv4, IPv6")]
    [InlineData($"{Ip}, ipFamilies: [IPv4, IPv4], ipFamilyPolicy: PreferDualStack, {Port}", "spec.ipFamilies[1]: IPv4 is there already")]
    [InlineData($"{Ip}, ipFamilyPolicy: DualStack, {Port}", "spec.ipFamilyPolicy: \"DualStack\" is not supported")]
    [InlineData($"clusterIP: None, type: NodePort, {Port}", "spec.clusterIP: may not be None for NodePort Services")]
    [InlineData($"clusterIP: None, type: LoadBalancer, {Port}", "spec.clusterIP: may not be None for LoadBalancer Services")]
    [InlineData("type: ExternalName", "spec.externalName: an ExternalName Service needs the name it stands for")]
    [InlineData(
        "type: ExternalName, externalName: Not_A_Name", "spec.externalName: \"Not_A_Name\": must be a lower case RFC 1123 subdomain")]
    [InlineData("type: ExternalName, externalName: a.example.com, clusterIP: 10.96.0.1",
        "spec.clusterIP: may not be set for ExternalName Services")]
    [InlineData(
        $"{Ip}, {Port}, sessionAffinity: clientip", "spec.sessionAffinity: \"clientip\" is not supported; use one of ClientIP, None")]
    [InlineData($"{Ip}, {Port}, sessionAffinity: ClientIP, sessionAffinityConfig: {{clientIP: {{timeoutSeconds: 0}}}}",
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 0 is not between 1 and 86400")]
    [InlineData($"{Ip}, {Port}, sessionAffinity: ClientIP, sessionAffinityConfig: {{clientIP: {{timeoutSeconds: 86401}}}}",
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is not between 1 and 86400")]
    [InlineData(
        $"{Ip}, {Port}, externalTrafficPolicy: Local", "spec.externalTrafficPolicy: may only be set for externally-accessible Services")]
    [InlineData($"{Ip}, {Port}, type: NodePort, externalTrafficPolicy: local",
        "spec.externalTrafficPolicy: \"local\" is not supported; use one of Cluster, Local")]
    [InlineData($"{Ip}, {Port}, internalTrafficPolicy: Node", "spec.internalTrafficPolicy: \"Node\" is not supported")]
    [InlineData($"{Ip}, {Port}, type: NodePort, externalTrafficPolicy: Local, healthCheckNodePort: 32000",
        "spec.healthCheckNodePort: 32000 may only be set when type is LoadBalancer and externalTrafficPolicy is Local")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, healthCheckNodePort: 32000", "spec.healthCheckNodePort: 32000 may only be set when")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 80",
        "spec.healthCheckNodePort: 80 is not in the valid range")]
    [InlineData($"{Ip}, {Port}, loadBalancerSourceRanges: [10.0.0.0/8]",
        "spec.loadBalancerSourceRanges: may only be used when type is LoadBalancer")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/33]",
        "spec.loadBalancerSourceRanges[0]: \"10.0.0.0/33\" is not a range")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.1]",
        "spec.loadBalancerSourceRanges[0]: \"10.0.0.1\" is not a range")]
    [InlineData($"{Ip}, {Port}, loadBalancerClass: a/b", "spec.loadBalancerClass: may only be used when type is LoadBalancer")]
    [InlineData(
        $"{Ip}, {Port}, type: LoadBalancer, loadBalancerClass: a/b/c", "spec.loadBalancerClass: \"a/b/c\": must be a qualified name")]
    [InlineData($"{Ip}, {Port}, allocateLoadBalancerNodePorts: false",
        "spec.allocateLoadBalancerNodePorts: may only be used when type is LoadBalancer")]
    [InlineData($"{Ip}, {Port}, externalIPs: [192.0.2.1, nonsense]", "spec.externalIPs[1]: \"nonsense\" is not an IP address")]
    [InlineData($"{Ip}, {Port}, externalIPs: [127.0.0.1]", "spec.externalIPs[0]: 127.0.0.1 is a loopback address")]
    [InlineData($"{Ip}, {Port}, trafficDistribution: Near", "spec.trafficDistribution: \"Near\" is not supported")]
    [InlineData($"{Ip}, {Port}, selector: {{app: 1}}", "spec.selector.app: must be a string, not the number 1 (quote it)")]
    [InlineData($"{Ip}, {Port}, selector: {{\"bad key\": a}}", "spec.selector.bad key: key \"bad key\": must be a qualified name")]
    [InlineData($"{Ip}, {Port}, selector: {{app: -a}}", "spec.selector.app: \"-a\": must be empty or at most 63")]
    public async Task A_spec_that_an_API_server_refuses_is_refused(string spec, string reason)
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{spec}}}\n");
        var loaded = await folder.LoadAsync();
        var error = Assert.Single(loaded.Errors);
        Assert.StartsWith("web.yaml:4:", error);
        Assert.Contains($": Service default/web: {reason}", error);
        Assert.Empty(loaded.Snapshot.Services);
        Assert.Equal(error, loaded.Source.Status.Error);
    }

    [Theory]
    [InlineData("ip: 198.51.100", "status.loadBalancer.ingress[0].ip: \"198.51.100\" is not an IP address")]
    [InlineData("ip: 198.51.100.7, ipMode: vip", "status.loadBalancer.ingress[0].ipMode: \"vip\" is not supported; use one of VIP, Proxy")]
    [InlineData("hostname: lb.example.com, ipMode: VIP", "status.loadBalancer.ingress[0].ipMode: may not be used without ip")]
    [InlineData("hostname: Lb_1", "status.loadBalancer.ingress[0].hostname: \"Lb_1\": must be a lower case RFC 1123 subdomain")]
    [InlineData("hostname: 198.51.100.7", "status.loadBalancer.ingress[0].hostname: \"198.51.100.7\" is an address; put it into ip")]
    public async Task A_load_balancers_status_that_an_API_server_refuses_is_refused(string ingress, string reason)
    {
        folder.With("web.yaml", WithIngress("LoadBalancer", ingress));
        var loaded = await folder.LoadAsync();
        Assert.Contains($": Service default/web: {reason}", Assert.Single(loaded.Errors));
        Assert.Empty(loaded.Snapshot.Services);
    }

    /// <summary>An API server takes it.</summary>
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1 is not served: a loopback address")]
    [InlineData("ff02::1", "ff02::1 is not served: a multicast address")]
    public async Task An_address_of_a_load_balancer_that_no_client_can_use_is_left_out_with_a_warning(string ip, string reason)
    {
        folder.With("web.yaml", WithIngress("LoadBalancer", $"ip: '{ip}'}}, {{ip: 198.51.100.7"));
        var loaded = await folder.LoadAsync();
        Assert.Contains($"status.loadBalancer.ingress[0].ip: {reason}", Assert.Single(loaded.Warnings));
        Assert.Equal("[198.51.100.7]", loaded.Service("web").BalancerIPs.ToString());
    }

    [Fact]
    public async Task A_node_port_that_a_control_plane_would_choose_is_missed()
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{Ip}, {Port}, type: NodePort}}\n");
        var loaded = await folder.LoadAsync();
        Assert.Contains("spec.ports[0].nodePort: is not set: the port has no node port; set one", Assert.Single(loaded.Warnings));
        Assert.Equal(0, Assert.Single(loaded.Service("web").Ports).NodePort);
    }

    /// <summary>An API server drops it when it creates the object, and proxies serve it whatever the type is.</summary>
    [Theory]
    [InlineData("ClusterIP", "ip: 198.51.100.7, ipMode: VIP", "[198.51.100.7]")]
    [InlineData("NodePort", "ip: 198.51.100.7", "[198.51.100.7]")]
    [InlineData("ClusterIP", "ip: 198.51.100.7, ipMode: Proxy", "[]")]
    [InlineData("ClusterIP", "ip: 198.51.100", "[]")]
    [InlineData("ClusterIP", "hostname: Lb_1, ipMode: VIP", "[]")]
    public async Task A_load_balancers_status_at_another_type_refuses_nothing(string type, string ingress, string served)
    {
        folder.With("web.yaml", WithIngress(type, ingress));
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Errors);
        Assert.Equal(served, loaded.Service("web").BalancerIPs.ToString());
        Assert.Equal("[10.96.0.1]", loaded.Service("web").ClusterIPs.ToString());
    }

    /// <summary>Since 1.34 (RelaxedServiceNameValidation).</summary>
    [Theory]
    [InlineData("2048-game")]
    [InlineData("7")]
    [InlineData("0a")]
    public async Task A_name_may_begin_with_a_digit(string name)
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: \"{name}\"}}\nspec: {{{Ip}, {Port}}}\n");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Equal([$"default/{name}"], loaded.ServiceNames);
    }

    [Fact]
    public async Task The_addresses_of_a_load_balancer_come_from_the_status_of_its_manifest()
    {
        folder.With("web.yaml", WithIngress("LoadBalancer", "ip: 198.51.100.7, ipMode: VIP, ports: [{port: 80, protocol: TCP}]"));
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Equal("[198.51.100.7]", loaded.Service("web").BalancerIPs.ToString());
    }

    [Theory]
    [InlineData("{}", "metadata.name: an object needs a name")]
    [InlineData("{name: Web}", "metadata.name: \"Web\": must be a lower case RFC 1123 label")]
    [InlineData("{name: web.shop}", "metadata.name: \"web.shop\": must be a lower case RFC 1123 label")]
    [InlineData("{name: web-}", "metadata.name: \"web-\": must be a lower case RFC 1123 label")]
    [InlineData("{name: 7}", "metadata.name: must be a string, not the number 7")]
    [InlineData("{name: a123456789012345678901234567890123456789012345678901234567890123}", "must be a lower case RFC 1123 label")]
    [InlineData("{name: web, namespace: My_Space}", "metadata.namespace: \"My_Space\": must be a lower case RFC 1123 label")]
    [InlineData("{name: web, labels: {app: true}}", "metadata.labels.app: must be a string, not true")]
    [InlineData("{name: web, labels: {a/b/c: x}}", "metadata.labels[a/b/c]: key \"a/b/c\": must be a qualified name")]
    [InlineData("{name: web, labels: [a]}", "metadata.labels: must be a map, not a list")]
    [InlineData("{name: web, annotations: {port: 80}}", "metadata.annotations.port: must be a string, not the number 80")]
    public async Task Metadata_that_an_API_server_refuses_is_refused(string metadata, string reason)
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {{{Ip}, {Port}}}\n");
        var loaded = await folder.LoadAsync();
        Assert.Contains(reason, Assert.Single(loaded.Errors));
        Assert.Empty(loaded.Snapshot.Services);
    }

    [Theory]
    [InlineData($"{Ip}, {Port}")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000")]
    [InlineData($"{Ip}, type: LoadBalancer, ports: [{{name: a, port: 53}}, {{name: b, port: 53, protocol: UDP}}]")]
    [InlineData($"{Ip}, type: NodePort, ports: [{{name: a, port: 53, nodePort: 30053}}, "
        + $"{{name: b, port: 53, nodePort: 30053, protocol: UDP}}]")]
    [InlineData($"{Ip}, {Port}, externalIPs: [192.0.2.1], externalTrafficPolicy: Local")]
    [InlineData(
        $"{Ip}, {Port}, type: LoadBalancer, loadBalancerSourceRanges: [\" 10.0.0.0/8 \", \"203.0.113.000/025\", \"2001:db8::/32\"]")]
    [InlineData($"{Ip}, {Port}, type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb, allocateLoadBalancerNodePorts: false")]
    [InlineData($"{Ip}, {Port}, sessionAffinity: ClientIP, sessionAffinityConfig: {{clientIP: {{timeoutSeconds: 86400}}}}")]
    [InlineData($"{Ip}, {Port}, sessionAffinity: ClientIP, sessionAffinityConfig: {{}}")]
    [InlineData("clusterIP: None")]
    [InlineData("clusterIP: None, clusterIPs: [None], ports: [{port: 80}]")]
    [InlineData("type: ExternalName, externalName: db.example.com.")]
    [InlineData($"clusterIPs: [\"fd00::1\", 10.96.0.1], ipFamilies: [IPv6, IPv4], ipFamilyPolicy: PreferDualStack, {Port}")]
    [InlineData($"{Ip}, ports: [{{port: 80, name: a, targetPort: http}}, {{port: 81, name: b, targetPort: 0}}]")]
    [InlineData($"{Ip}, {Port}, trafficDistribution: PreferClose, internalTrafficPolicy: Local, publishNotReadyAddresses: true")]
    public async Task A_spec_that_an_API_server_accepts_is_accepted(string spec)
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{spec}}}\n");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(["default/web"], loaded.ServiceNames);
        Assert.Null(loaded.Source.Status.Error);
    }

    [Theory]
    [InlineData("annotations: {ebpflb.io/schedular: lc}", "metadata.annotations[ebpflb.io/schedular]: there is no such annotation")]
    [InlineData("annotation: {a: b}", "metadata.annotation: the API has no such field")]
    public async Task What_is_misspelt_in_the_metadata_is_a_warning(string metadata, string warning)
    {
        folder.With(
            "web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: web, {metadata}}}\nspec: {{{Ip}, {Port}}}\n");
        Assert.Contains(warning, Assert.Single((await folder.LoadAsync()).Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Port, "spec.clusterIP: is empty: no ClusterIP will be served; set one")]
    [InlineData(
        $"{Ip}, {Port}, ipFamilyPolicy: RequireDualStack", "spec.clusterIPs: dual-stack with one address: only IPv4 will be served")]
    [InlineData($"{Ip}, {Port}, sessionAffinityConfig: {{clientIP: {{timeoutSeconds: 5}}}}",
        "spec.sessionAffinityConfig: has no effect without sessionAffinity: ClientIP")]
    [InlineData($"{Ip}, {Port}, sessionAfinity: ClientIP", "spec.sessionAfinity: the API has no such field")]
    [InlineData($"{Ip}, ports: [{{port: 80, target: 8080}}]", "spec.ports[0].target: the API has no such field")]
    public async Task What_an_author_hardly_meant_is_a_warning(string spec, string warning)
    {
        folder.With("web.yaml", $"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{spec}}}\n");
        var loaded = await folder.LoadAsync();
        Assert.Contains(warning, Assert.Single(loaded.Warnings));
        Assert.Empty(loaded.Errors);
        Assert.Equal(["default/web"], loaded.ServiceNames);
        Assert.Null(loaded.Source.Status.Error);
    }

    [Fact]
    public async Task All_mistakes_of_an_object_come_out_at_once_each_with_its_line()
    {
        folder.With(
            "web.yaml",
            """
            apiVersion: v1
            kind: Service
            metadata:
              name: Web
            spec:
              clusterIP: 10.96.0.1
              sessionAffinity: Sticky
              ports:
              - name: http
                port: 0
              - port: 81
                protocol: QUIC
            """);
        var loaded = await folder.LoadAsync();
        Assert.Equal(
            [
                "web.yaml:4:9: Service default/Web: metadata.name: \"Web\": must be a lower case RFC 1123 label: at "
                    + "most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit; rename it",
                "web.yaml:7:20: Service default/Web: spec.sessionAffinity: \"Sticky\" is not supported; use one of ClientIP, None",
                "web.yaml:10:11: Service default/Web: spec.ports[0].port: 0 is not between 1 and 65535; correct it",
                "web.yaml:11:5: Service default/Web: spec.ports[1].name: ports of a Service with more than one need names; set it",
                "web.yaml:12:15: Service default/Web: spec.ports[1].protocol: \"QUIC\" is not supported; use one of TCP, UDP, SCTP",
            ],
            loaded.Errors);
    }

    [Fact]
    public async Task A_service_arrives_in_the_model_as_it_was_written()
    {
        folder.With("web.yaml",
            ManifestText.Service("web", "10.96.0.080", 443, "  - {name: dns, port: 53, protocol: UDP}\n  sessionAffinity: ClientIP"));
        var service = (await folder.LoadAsync()).Service("web");
        Assert.Equal("[10.96.0.80]", service.ClusterIPs.ToString());
        Assert.Equal(10800u, service.AffinitySeconds);
        Assert.Equal([new("http", Model.TransportProtocol.Tcp, 443, 0), new("dns", Model.TransportProtocol.Udp, 53, 0)], service.Ports);
    }

    private static string WithIngress(string type, string ingress)
        => $"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{Ip}, {Port}, "
            + $"type: {type}}}\nstatus: {{loadBalancer: {{ingress: [{{{ingress}}}]}}}}\n";
}
