using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class ConntrackCommandTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public ConntrackCommandTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Flows_are_listed_with_all_their_addresses()
    {
        Assert.Equal(0, await line.RunAsync("conntrack", "list"));
        Assert.Equal(
            [
                "PROTO   CLIENT                FRONTEND       BACKEND            SNAT "
                    + "             PHASE       IDLE   IN     OUT    SERVICE",
                "TCP     192.0.2.1:40000       10.96.0.1:80   10.244.0.5:8080    -        "
                    + "         open        12 s   eth0   -      default/web:http",
                "UDP     [2001:db8::1]:53000   [fd00::a]:53   [fd00:244::5]:53   [fd00::1]:61000   new, half    0 s   eth0   eth1   #8",
                "",
            ], line.OutputLines);
    }

    [Fact]
    public async Task Every_filter_arrives_as_it_was_written()
    {
        Assert.Equal(0, await line.RunAsync(
            "conntrack", "list", "--protocol", "UDP", "--client", "192.0.2.0/24", "--frontend", ":53", "--backend", "[fd00::1]:53",
            "--service", "a/b:c",
            "--phase", "new", "--idle", "1m30s", "--limit", "5", "--instance", "lab"));
        Assert.Equal(new FlowQuery("UDP", "192.0.2.0/24", ":53", "[fd00::1]:53", "a/b:c", "new", 90, 5), view.Flows.Asked);
        Assert.Equal("lab", line.Finder.Asked?.Name);
    }

    [Theory]
    [InlineData("list", "default/", "-n", "default")]
    [InlineData("count", "default/web", "--service", "web", "--namespace", "default")]
    [InlineData("flush", "default/web:http", "-n", "default", "--service", "default/web:http")]
    [InlineData("list", "web", "--service", "web")]
    public async Task A_namespace_is_part_of_the_name_that_is_asked_for(string command, string asked, params string[] options)
    {
        Assert.Equal(0, await line.RunAsync(["conntrack", command, .. options], TestContext.Current.CancellationToken));
        Assert.Equal(asked, view.Flows.Asked?.Service);
    }

    [Fact]
    public async Task Two_namespaces_exclude_each_other()
    {
        Assert.Equal(2, await line.RunAsync("conntrack", "list", "-n", "other", "--service", "default/web"));
        Assert.Contains("'default/web' is in namespace default, and -n says other", line.Error);
        Assert.Null(view.Flows.Asked);
    }

    [Fact]
    public async Task What_cannot_be_understood_is_said_together_before_anybody_is_asked()
    {
        Assert.Equal(2, await line.RunAsync(
            "conntrack", "flush", "--protocol", "icmp", "--client", "here", "--phase", "old", "--idle", "long"));
        Assert.Contains("--protocol: 'icmp' is not one of tcp, udp, sctp", line.Error);
        Assert.Contains("--client: 'here' is no address; give one such as 10.0.0.1", line.Error);
        Assert.Contains("--phase: 'old' is not one of new, answered, open, closing, closed", line.Error);
        Assert.Contains("--idle: 'long' is not a duration", line.Error);
        Assert.Contains("See `ebpflb conntrack flush --help`.", line.Error);
        Assert.Null(view.Flows.Asked);
    }

    [Fact]
    public async Task A_list_that_was_cut_says_so()
    {
        view.Flows.Flows = view.Flows.Flows with { Matching = 50_000 };
        Assert.Equal(0, await line.RunAsync("conntrack", "list"));
        Assert.Contains("2 of 50000 flows are shown; say which with --service", line.Error);
    }

    [Fact]
    public async Task Flows_as_json_have_stable_names()
    {
        Assert.Equal(0, await line.RunAsync("conntrack", "list", "-o", "json"));
        using var json = JsonDocument.Parse(line.Output);
        Assert.Equal(
            [
                "protocol", "client", "frontend", "backend", "snat", "phase", "idleSeconds", "service", "serviceId", "requestDevice",
                "replyDevice", "whole",
            ], json.RootElement.GetProperty("flows")[0].EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Wide_has_the_id_and_the_family_and_names_are_those_of_Services()
    {
        Assert.Equal(0, await line.RunAsync("conntrack", "list", "-o", "wide"));
        Assert.EndsWith("SERVICE            SERVICE ID   FAMILY", line.OutputLines[0], StringComparison.Ordinal);
        Assert.EndsWith("default/web:http            7   IPv4", line.OutputLines[1], StringComparison.Ordinal);
        Assert.EndsWith("#8                          8   IPv6", line.OutputLines[2], StringComparison.Ordinal);

        view.Flows.Flows = view.Flows.Flows with { Flows = [.. view.Flows.Flows.Flows, view.Flows.Flows.Flows[0]] };
        Assert.Equal(0, await line.RunAsync("conntrack", "list", "-o", "name"));
        Assert.EndsWith("IPv6\ndefault/web:http\n#8\n", line.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client", "1 2 3")]
    [InlineData("frontend", "1 3 2")]
    [InlineData("backend", "3 1 2")]
    [InlineData("service", "2 1 3")]
    [InlineData("phase", "2 1 3")]
    [InlineData("idle", "3 1 2")]
    public async Task Flows_come_in_the_order_that_is_asked_for(string order, string expected)
    {
        var first = view.Flows.Flows.Flows[0];
        view.Flows.Flows = view.Flows.Flows with
        {
            Flows =
            [
                first with { ServiceId = 1, Backend = "10.244.0.10:8080" },
                view.Flows.Flows.Flows[1] with { ServiceId = 2 },
                first with { ServiceId = 3, Backend = "10.244.0.9:8080", IdleSeconds = 60 },
            ],
        };
        Assert.Equal(0, await line.RunAsync("conntrack", "list", "--sort", order, "-o", "jsonpath={.flows[*].serviceId}"));
        Assert.Equal(expected, line.Output);
    }

    [Fact]
    public async Task Counts_come_by_phase_by_service_and_with_the_fill()
    {
        Assert.Equal(0, await line.RunAsync("conntrack", "count"));
        Assert.Equal("7 flows", line.OutputLines[0]);
        Assert.Contains("IPv6     UDP     new         2", line.OutputLines);
        Assert.Contains("default/web:http    7       5", line.OutputLines);
        Assert.Contains("lb_conntrack4        10       1000   1.0 %", line.OutputLines);
    }

    [Fact]
    public async Task Nothing_is_flushed_without_saying_which_or_all()
    {
        Assert.Equal(2, await line.RunAsync("conntrack", "flush"));
        Assert.Contains("this would remove every flow: say which", line.Error);
        Assert.Equal(0, view.Flows.Flushes);

        Assert.Equal(0, await line.RunAsync("conntrack", "flush", "--all"));
        Assert.Equal(0, await line.RunAsync("conntrack", "flush", "--backend", "10.244.0.5"));
        Assert.Equal(["3 flows removed", "3 flows removed", ""], line.OutputLines);
    }

    [Fact]
    public async Task A_service_that_is_not_there_ends_with_3()
    {
        Assert.Equal(3, await line.RunAsync("conntrack", "flush", "--service", "no/such"));
        Assert.Contains("no service port 'no/such' is programmed", line.Error);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("count")]
    [InlineData("flush")]
    public async Task Help_of_each_shows_how_it_is_used(string command)
    {
        Assert.Equal(0, await line.RunAsync("conntrack", command, "--help"));
        Assert.Contains($"Examples:\n  ebpflb conntrack {command}", line.Output);
        Assert.Contains("NAMESPACE/NAME", line.Output);
    }
}
