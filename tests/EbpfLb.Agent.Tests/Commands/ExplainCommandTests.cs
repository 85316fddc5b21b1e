using System.Text.Json;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class ExplainCommandTests : IDisposable
{
    private const string Manifests = """
        {"kind":"List","apiVersion":"v1","items":[
          {"kind":"Node","apiVersion":"v1","metadata":{"name":"node-1","labels":{"topology.kubernetes.io/zone":"a"}},
           "spec":{"podCIDRs":["10.244.1.0/24"]},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.11"}]}},
          {"kind":"Node","apiVersion":"v1","metadata":{"name":"node-2"},
           "spec":{"podCIDRs":["10.244.2.0/24"]},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.12"}]}},
          {"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"default"},
           "spec":{"type":"NodePort","clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1"],"ports":[{"port":80,"nodePort":30080,"protocol":"TCP"}]}},
          {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"web-1","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},
           "addressType":"IPv4","ports":[{"name":"","port":8080,"protocol":"TCP"}],
           "endpoints":[{"addresses":["10.244.2.5"],"nodeName":"node-2"},{"addresses":["10.244.1.5"],"nodeName":"node-1"},{"addresses":["10.244.9.5"]}]}]}
        """;

    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();

    public ExplainCommandTests() => File.WriteAllText(directory.File("cluster.json"), Manifests);

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_flow_a_line_gives_an_answer_a_line_with_these_names_in_this_order()
    {
        Assert.Equal(0, await FlowsAsync("""{"from":"203.0.113.2","to":"192.0.2.11","port":30080,"protocol":"tcp"}"""));

        Assert.Equal(
            """
            {"from":"203.0.113.2","to":"192.0.2.11","port":30080,"protocol":"TCP","path":"packet","verdict":"dnat","service":"default/web:","frontend":"nodePort",
            "backends":[{"address":"10.244.1.5","port":8080,"node":"node-1","local":true,"masquerade":false},
            {"address":"10.244.2.5","port":8080,"node":"node-2","local":false,"masquerade":true},{"address":"10.244.9.5","port":8080,"node":null,"local":false,"masquerade":true}],
            "reason":"NodePort of default/web:, 3 endpoints of the Cluster list; masqueraded: externalTrafficPolicy is Cluster; backends of this node see the client"}
            """.ReplaceLineEndings(""),
            line.Output.TrimEnd('\n'));
    }

    [Fact]
    public async Task Without_a_protocol_it_is_tcp_and_what_is_no_frontend_has_no_service()
    {
        Assert.Equal(0,
            await FlowsAsync("""{"from":"10.244.1.9","to":"192.0.2.12","port":30080}""",
                """{"from":"10.244.1.9","to":"10.96.0.1","port":81,"path":"packet"}"""));

        var answers = Answers();
        Assert.Equal(("pass", JsonValueKind.Null, JsonValueKind.Null, 0),
            (Text(answers[0], "verdict"), Kind(answers[0], "service"), Kind(answers[0], "frontend"),
                answers[0].GetProperty("backends").GetArrayLength()));
        Assert.Equal(("reject", JsonValueKind.Null, "clusterIP"),
            (Text(answers[1], "verdict"), Kind(answers[1], "service"), Text(answers[1], "frontend")));
        Assert.Equal(["socket", "packet"], answers.Select(a => Text(a, "path")));
        Assert.Equal("TCP", Text(answers[0], "protocol"));
    }

    [Theory]
    [InlineData("""{"to":"10.96.0.1","port":80}""", "from: is missing")]
    [InlineData("""{"from":"x","to":"10.96.0.1","port":80}""", "from: 'x' is not an IP address")]
    [InlineData("""{"from":"10.0.0.1","to":"fd00::1","port":80}""", "to: fd00::1 is IPv6")]
    [InlineData("""{"from":"10.0.0.1","to":"10.96.0.1"}""", "port: is missing")]
    [InlineData("""{"from":"10.0.0.1","to":"10.96.0.1","port":70000}""", "port: is not a number from 1 to 65535")]
    [InlineData("""{"from":"10.0.0.1","to":"10.96.0.1","port":"80"}""", "port: is not a number")]
    [InlineData("""{"from":"10.0.0.1","to":"10.96.0.1","port":80,"protocol":"ICMP"}""",
        "protocol: 'ICMP' is not a protocol; give TCP, UDP or SCTP")]
    [InlineData("""{"from":"10.0.0.1","to":"10.96.0.1","port":80,"path":"both"}""", "path: 'both' is not a path")]
    [InlineData("""{"from":7,"to":"10.96.0.1","port":80}""", "from: is not a string")]
    [InlineData("from 10.0.0.1", "is not valid JSON")]
    [InlineData("[]", "is not a JSON object")]
    public async Task A_line_that_is_no_flow_says_why_and_the_others_are_answered(string bad, string expected)
    {
        Assert.Equal(1, await FlowsAsync(bad, "", """{"from":"10.244.1.9","to":"10.96.0.1","port":80}"""));

        var answers = Answers();
        Assert.StartsWith($"line 1: {expected}", Text(answers[0], "error"));
        Assert.Equal("dnat", Text(answers[1], "verdict"));
        Assert.Contains("lines that are no flows: 1;", line.Error);
    }

    [Fact]
    public async Task A_field_that_says_nothing_is_told_once()
    {
        Assert.Equal(0,
            await FlowsAsync("""{"id":1,"from":"10.244.1.9","to":"10.96.0.1","port":80}""",
                """{"id":{"a":[2]},"from":"10.244.1.9","to":"10.96.0.1","port":80}"""));

        Assert.Equal(2, Answers().Count);
        Assert.Single(line.Error.Split('\n'), text => text.Contains("\"id\""));
    }

    [Fact]
    public async Task One_flow_is_explained_for_people()
    {
        Assert.Equal(0, await ExplainAsync("--from", "203.0.113.2", "--to", "10.96.0.1:80/TCP", "--cluster-cidr", "10.244.0.0/16"));

        Assert.Contains("203.0.113.2 -> 10.96.0.1:80/TCP: goes to one of 3 backends", line.Output);
        Assert.Matches(@"10\.244\.2\.5:8080 +node-2 +yes +masqueraded +ready", line.Output);
        Assert.Contains("masqueraded: the client is no pod", line.Output);
    }

    [Theory]
    [InlineData("[2001:db8::1]:80/UDP")]
    [InlineData("10.96.0.1:80/sctp")]
    public async Task Destinations_have_the_usual_forms(string to)
    {
        Assert.Equal(0, await ExplainAsync("--from", to[0] == '[' ? "fd00::1" : "10.0.0.1", "--to", to, "-o", "json"));
        Assert.Single(Answers());
    }

    [Theory]
    [InlineData("which connection?")]
    [InlineData("'10.96.0.1' is not a destination", "--from", "10.0.0.1", "--to", "10.96.0.1")]
    [InlineData("'a' is not an IP address", "--from", "a", "--to", "10.96.0.1:80")]
    [InlineData("addresses of one family", "--from", "fd00::1", "--to", "10.96.0.1:80")]
    [InlineData("add -o json", "--flows", "x")]
    [InlineData("exclude each other", "--flows", "x", "--from", "10.0.0.1", "-o", "json")]
    [InlineData("--node-address: 'b' is not an IP address", "--from", "10.0.0.1", "--to", "10.96.0.1:80", "--node-address", "b")]
    public async Task What_is_wrong_with_the_question_is_said(string expected, params string[] args)
    {
        Assert.Equal(2, await ExplainAsync(args));
        Assert.Contains(expected, line.Error);
    }

    [Fact]
    public async Task Further_addresses_of_the_node_answer_node_ports()
    {
        Assert.Equal(
            0, await ExplainAsync("--from", "203.0.113.2", "--to", "198.51.100.11:30080", "--node-address", "198.51.100.11", "-o", "json"));
        Assert.Equal("nodePort", Text(Answers()[0], "frontend"));
    }

    [Fact]
    public async Task Node_port_addresses_are_those_of_the_agent()
    {
        Assert.Equal(0,
            await ExplainAsync("--from", "203.0.113.2", "--to", "198.51.100.11:30080", "--node-address", "198.51.100.11",
                "--nodeport-addresses", "primary", "-o", "json"));
        Assert.Equal("pass", Text(Answers()[0], "verdict"));
    }

    [Theory]
    [InlineData("mode: nftables", "192.0.2.11", "dnat")]
    [InlineData("mode: nftables", "198.51.100.11", "pass")]
    [InlineData("mode: iptables", "198.51.100.11", "dnat")]
    [InlineData("mode: ipvs", "198.51.100.11", "dnat")]
    [InlineData("nodePortAddresses: [192.0.2.0/24]", "198.51.100.11", "pass")]
    [InlineData("nodePortAddresses: ['2001:db8::/32']", "198.51.100.11", "dnat")]
    public async Task A_configuration_file_says_where_node_ports_answer(string text, string to, string expected)
    {
        Assert.Equal(0,
            await ConfiguredAsync(text, "--from", "203.0.113.2", "--to", $"{to}:30080", "--node-address", "198.51.100.11", "-o", "json"));
        Assert.Equal(expected, Text(Answers()[0], "verdict"));
    }

    [Theory]
    [InlineData("clusterCIDR: 10.244.0.0/16", "10.244.2.5", false)]
    [InlineData("clusterCIDR: 10.244.0.0/16", "203.0.113.2", true)]
    [InlineData("detectLocalMode: NodeCIDR", "10.244.1.5", false)]
    [InlineData("detectLocalMode: NodeCIDR", "10.244.2.7", true)]
    [InlineData("mode: iptables", "203.0.113.2", false)]
    [InlineData("iptables: {masqueradeAll: true}", "203.0.113.2", true)]
    [InlineData("mode: nftables\niptables: {masqueradeAll: true}", "203.0.113.2", false)]
    [InlineData("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}", "203.0.113.2", true)]
    public async Task A_configuration_file_says_who_is_masqueraded(string text, string from, bool expected)
    {
        Assert.Equal(0, await ConfiguredAsync(text, "--from", from, "--to", "10.96.0.1:80", "--path", "packet", "-o", "json"));
        Assert.Equal(expected, Answers()[0].GetProperty("backends").EnumerateArray().Last().GetProperty("masquerade").GetBoolean());
    }

    [Fact]
    public async Task A_configuration_file_that_cannot_be_used_says_all_that_is_wrong()
    {
        Assert.Equal(1, await ConfiguredAsync("mode: fast\nclusterCIDR: nowhere", "--from", "203.0.113.2", "--to", "10.96.0.1:80"));
        Assert.Contains("fast", line.Error);
        Assert.Contains("nowhere", line.Error);
    }

    [Fact]
    public async Task What_the_agent_knows_itself_is_not_for_it_to_be_told()
    {
        Assert.Equal(2, await line.RunAsync("explain", "--from", "10.0.0.1", "--to", "10.96.0.1:80", "--cluster-cidr", "10.244.0.0/16"));
        Assert.Contains("such as --cluster-cidr are for --manifests", line.Error);
    }

    [Fact]
    public async Task A_file_of_flows_that_is_not_there_is_told_under_the_name_of_its_option()
    {
        Assert.Equal(1, await ExplainAsync("--flows", directory.File("none"), "-o", "json"));
        Assert.Contains("--flows: Could not find file", line.Error);
    }

    [Fact]
    public async Task Which_node_is_meant_has_to_be_said_where_there_are_several()
    {
        Assert.Equal(
            1, await line.RunAsync("explain", "--manifests", directory.File("cluster.json"), "--from", "10.0.0.1", "--to", "10.96.0.1:80"));
        Assert.Contains("2 Nodes (node-1, node-2): name one with --node-name", line.Error);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_told()
    {
        Assert.Equal(0,
            await line.RunAsync("explain", "--manifests", directory.File("cluster.json"), "--node-name", "node-7", "--from", "10.0.0.1",
                "--to", "10.96.0.1:80"));
        Assert.Contains("there is no Node node-7", line.Error);
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_an_error()
    {
        Assert.Equal(
            1, await line.RunAsync("explain", "--manifests", directory.File("gone"), "--from", "10.0.0.1", "--to", "10.96.0.1:80"));
        Assert.Contains("does not exist", line.Error);
    }

    [Fact]
    public async Task Other_kinds_are_skipped_with_a_word_and_objects_that_an_api_server_refuses_are_explained()
    {
        Directory.CreateDirectory(directory.File("many"));
        File.Copy(directory.File("cluster.json"), directory.File("many/a.json"));
        await File.WriteAllTextAsync(directory.File("many/b.yaml"), """
            kind: KubeProxyConfiguration
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            ---
            kind: Service
            apiVersion: v1
            metadata: {name: odd}
            spec:
              clusterIP: 10.96.0.7
              externalIPs: [198.51.100.7, nonsense]
              ports: [{port: 80, nodePort: 80}]
            """, TestContext.Current.CancellationToken);

        Assert.Equal(0,
            await line.RunAsync("explain", "--manifests", directory.File("many"), "--node-name", "node-1", "--from", "10.0.0.1", "--to",
                "198.51.100.7:80", "-o", "json"));

        Assert.Equal(("reject", "default/odd:"), (Text(Answers()[0], "verdict"), Text(Answers()[0], "service")));
        Assert.Contains("give it with --config", line.Error);
        // Of an object as the API server would give it no line is known, and none is made up.
        Assert.Contains("note: b.yaml: Service default/odd: spec.externalIPs[1] is \"nonsense\"", line.Error);
        Assert.Contains("would not take 1 of these objects", line.Error);
    }

    private Task<int> FlowsAsync(params string[] flows)
    {
        File.WriteAllLines(directory.File("flows.jsonl"), flows);
        return ExplainAsync("--flows", directory.File("flows.jsonl"), "-o", "json");
    }

    private Task<int> ConfiguredAsync(string text, params string[] args)
    {
        File.WriteAllText(
            directory.File("config.yaml"), $"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n{text}\n");
        return ExplainAsync(["--config", directory.File("config.yaml"), .. args]);
    }

    private Task<int> ExplainAsync(params string[] args)
        => line.RunAsync(["explain", "--manifests", directory.File("cluster.json"), "--node-name", "node-1", .. args]);

    private List<JsonElement> Answers()
        => [.. line.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text => JsonDocument.Parse(text).RootElement)];

    private static string? Text(JsonElement answer, string name) => answer.GetProperty(name).GetString();

    private static JsonValueKind Kind(JsonElement answer, string name) => answer.GetProperty(name).ValueKind;
}
