using System.Text.Json.Nodes;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Counters;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>What kubectl has for lists, of `ebpflb services`, `backends` and `status`.</summary>
public sealed class ListOptionTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public ListOptionTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Names_alone_are_each_there_once()
    {
        Assert.Equal(0, await line.RunAsync("services", "-o", "name"));
        Assert.Equal("default/web:http\nkube-system/dns\n", line.Output);
    }

    [Fact]
    public async Task Backends_by_name_are_addresses()
    {
        Assert.Equal(0, await line.RunAsync("backends", "-o", "name"));
        Assert.Equal("10.1.0.1:8080/TCP\n[fd01::1]:8080/TCP\n10.1.0.2:53/UDP\n", line.Output);
    }

    [Theory]
    [InlineData("services", "name", "default/web")]
    [InlineData("services", "open", "default/web")]
    [InlineData("services", "backends", "default/web")]
    [InlineData("services", "connections", "default/web")]
    [InlineData("services", "datagrams", "kube-system/dns")]
    [InlineData("services", "refused", "kube-system/dns")]
    [InlineData("backends", "name", "default/web")]
    [InlineData("backends", "address", "default/web:http            1   10.1.0.1:8080")]
    [InlineData("backends", "weight", "default/web:http            1   10.1.0.1:8080")]
    [InlineData("backends", "connections", "default/web:http            1   10.1.0.1:8080")]
    [InlineData("services", "bytes", "kube-system/dns")]
    [InlineData("backends", "bytes", "kube-system/dns             2   10.1.0.2:53")]
    [InlineData("backends", "open", "default/web:http            1   10.1.0.1:8080")]
    public async Task An_order_puts_the_largest_first_and_without_headings_rows_are_all(string command, string order, string first)
    {
        if (order == "bytes") CountTraffic();
        Assert.Equal(0, await line.RunAsync(command, "--sort", order, "--no-headers"));
        Assert.StartsWith(first, line.Output, StringComparison.Ordinal);
        Assert.Equal(3, line.Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Wide_has_more_columns()
    {
        Assert.Equal(0, await line.RunAsync("services", "-o", "wide"));
        Assert.Matches("REFUSED   PACKETS IN   BYTES IN   PACKETS OUT   BYTES OUT   FAMILY   LAST CHANGE            NO BACKENDS, AS\n",
            line.Output);
        Assert.Matches("(?m)^default/web:http .* IPv4     2025-01-01T00:00:07Z   -$", line.Output);
        Assert.Matches("(?m)^kube-system/dns .* IPv6     - +none of its 3 endpoints is ready: look at the readiness of its pods$",
            line.Output);
        Assert.DoesNotContain("No backends, as:", line.Output);
    }

    [Fact]
    public async Task Wide_backends_have_their_share_of_the_connections()
    {
        Assert.Equal(0, await line.RunAsync("backends", "-o", "wide"));
        Assert.Matches("(?m)10.1.0.1:8080/TCP .* 100.0 % +- +- +- +-   IPv4 ", line.Output);
        Assert.Matches("(?m)fd01::1]:8080/TCP .* -   IPv6 ", line.Output);
    }

    [Fact]
    public async Task Wide_backends_have_where_they_are_and_in_which_state()
    {
        view.Backends = view.Backends with
        {
            Backends =
            [
                view.Backends.Backends[0] with { Node = "node-1", Zone = "a", Local = true, State = "ready" },
                view.Backends.Backends[1] with { Local = false, State = "terminating, serving" },
                view.Backends.Backends[2],
            ],
        };
        Assert.Equal(0, await line.RunAsync("backends", "-o", "wide"));
        Assert.Matches("(?m)FAMILY   NODE     ZONE   THIS NODE   STATE$", line.Output);
        Assert.Matches("(?m)10.1.0.1:8080/TCP .* IPv4     node-1   a      yes         ready$", line.Output);
        Assert.Matches("(?m)fd01::1]:8080/TCP .* IPv6     -        -      no          terminating, serving$", line.Output);
        Assert.Matches("(?m)10.1.0.2:53/UDP .* IPv4     -        -      -           -$", line.Output);
        Assert.Equal(0, await line.RunAsync("backends"));
        Assert.DoesNotContain("node-1", line.OutputLines[^2]);
    }

    [Fact]
    public async Task Backends_as_JSON_have_stable_names()
    {
        Assert.Equal(0, await line.RunAsync("backends", "-o", "json"));
        var first = JsonNode.Parse(line.Output)!["backends"]![0]!.AsObject();
        Assert.Equal(
            ["service", "port", "protocol", "serviceId", "address", "portNumber", "weight", "connections", "open", "traffic", "node",
                "zone", "local", "state"], first.Select(p => p.Key));
    }

    [Fact]
    public async Task Wide_has_packets_and_bytes_of_both_directions_where_they_are_counted()
    {
        CountTraffic();
        Assert.Equal(0, await line.RunAsync("services", "-o", "wide"));
        Assert.Matches("(?m)^default/web:http .* 17 +3 +0 +0 +- +- +- +-   IPv4", line.Output);
        Assert.Matches("(?m)^kube-system/dns .* 4 +7 +700 +8 +8000   IPv6", line.Output);
        Assert.Equal(0, await line.RunAsync("backends", "-o", "wide"));
        Assert.Matches("(?m)10.1.0.2:53/UDP .* 7 +700 +8 +8000   IPv4 ", line.Output);
    }

    [Fact]
    public async Task Yaml_says_what_JSON_says()
    {
        Assert.Equal(0, await line.RunAsync("services", "-o", "yaml"));
        Assert.StartsWith("origin: \"agent\"\nservices:\n- service: \"default/web\"\n  port: \"http\"\n", line.Output,
            StringComparison.Ordinal);
        Assert.Contains("  frontends:\n  - address: \"10.96.0.1\"\n    portNumber: 80\n", line.Output);
        Assert.Contains("    noBackends: null\n", line.Output);
    }

    [Fact]
    public void Yaml_of_empty_and_nested_values()
        => Assert.Equal(
            "a: {}\nb: []\nc:\n- 1\n- - 2\n  - {}\n- d: \"x: y\"\n  e:\n    f: true\n",
            YamlText.Of(JsonNode.Parse("""{"a":{},"b":[],"c":[1,[2,{}],{"d":"x: y","e":{"f":true}}]}""")));

    [Fact]
    public async Task Watching_answers_again_and_again()
    {
        Assert.Equal(0, await line.RunAsync("backends", "--watch", "--interval", "100ms", "--count", "3", "-o", "name"));
        Assert.Equal(9, line.Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Watching_at_a_terminal_begins_each_answer_on_a_clear_page()
    {
        line.TerminalWidth = 200;
        view.Status = FakeView.ReadyStatus with { Ready = false, NotReady = ["the hooks are not attached"] };
        Assert.Equal(3, await line.RunAsync("status", "-w", "--interval", "100ms", "--count", "2"));
        Assert.Equal(3, line.Output.Split("\e[H\e[J").Length);
    }

    [Fact]
    public async Task Status_is_yaml_and_wide_too_but_has_no_names()
    {
        Assert.Equal(0, await line.RunAsync("status", "-o", "yaml"));
        Assert.Contains("\nready: true\nnotReady: []\n", line.Output);
        Assert.Equal(0, await line.RunAsync("status", "-o", "wide", "--no-headers"));
        Assert.Equal(2, await line.RunAsync("status", "-o", "name"));
        Assert.Contains("'name' is not one of table, wide, json, yaml, jsonpath=TEMPLATE", line.Error);
    }

    [Theory]
    [InlineData("--interval and --count are for --watch: add it", "services", "--interval", "1s")]
    [InlineData("--sort: 'size' is not one of name, address, weight, connections, open", "backends", "--sort", "size")]
    [InlineData("--output: 'xml' is not one of table, wide, json, yaml, name, jsonpath=TEMPLATE", "services", "-o", "xml")]
    public async Task A_wrong_option_is_usage(string said, params string[] arguments)
    {
        Assert.Equal(2, await line.RunAsync(arguments));
        Assert.Contains(said, line.Error);
    }

    /// <summary>The last of each list has counts, the others have none.</summary>
    private void CountTraffic()
    {
        var traffic = new Traffic(7, 700, 8, 8000);
        var (services, backends) = (view.Services.Services, view.Backends.Backends);
        view.Services = view.Services with { Services = [.. services.SkipLast(1), services[^1] with { Traffic = traffic }] };
        view.Backends = view.Backends with { Backends = [.. backends.SkipLast(1), backends[^1] with { Traffic = traffic }] };
    }
}
