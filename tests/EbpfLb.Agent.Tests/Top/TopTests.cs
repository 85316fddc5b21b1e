using System.Text.Json;
using EbpfLb.Agent.Commands.Top;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Top;

public sealed class TopTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_families_of_a_port_are_one_row_and_rates_are_by_the_time_between()
    {
        var before = Report(Row("default/web", "IPv4", 1, 10, 5), Row("default/web", "IPv6", 2, 3, 0));
        var now = Report(Row("default/web", "IPv4", 1, 30, 5), Row("default/web", "IPv6", 2, 4, 10));

        var row = Assert.Single(TopRates.Of(before, now, 2 * Second));

        Assert.Equal(("default/web:http/TCP", 10.5, 5.0, 4UL), (row.Service, row.ConnectionRate, row.DatagramRate, row.Open));
        Assert.Null(row.PacketRate);
    }

    [Fact]
    public void Packets_and_bytes_of_both_directions_are_rates_where_all_families_are_counted()
    {
        var four = Row("default/web", "IPv4", 1, 0, 0);
        var before = Report(four with { Traffic = new(10, 1000, 20, 2000) });
        var now = Report(four with { Traffic = new(14, 1400, 22, 2600) });

        var row = Assert.Single(TopRates.Of(before, now, 2 * Second));
        Assert.Equal((3.0, 500.0), (row.PacketRate, row.ByteRate));
        Assert.Null(Assert.Single(TopRates.Of(before, Report([.. now.Services, Row("default/web", "IPv6", 2, 0, 0)]), Second)).ByteRate);
    }

    [Fact]
    public void What_came_meanwhile_or_has_another_id_or_began_anew_counts_from_0()
    {
        var before = Report(Row("a/other-id", "IPv4", 1, 100, 0), Row("a/anew", "IPv4", 2, 100, 0));
        var now = Report(Row("a/other-id", "IPv4", 9, 7, 0), Row("a/anew", "IPv4", 2, 8, 0), Row("a/new", "IPv4", 3, 9, 0));

        Assert.Equal([7.0, 8.0, 9.0], TopRates.Of(before, now, Second).Select(r => r.ConnectionRate));
    }

    [Fact]
    public void The_id_says_whose_counters_they_are_and_what_is_not_in_the_kernel_has_no_rate()
    {
        var before = Report(Row("a/web", "IPv4", 1, 100, 0), Row("a/lost", "IPv4", 2, 50, 0));
        var now = Report(Row("a/renamed", "IPv4", 1, 103, 0), Row("a/lost", "IPv4", null, 0, 0));

        Assert.Equal([3.0, 0.0], TopRates.Of(before, now, Second).Select(r => r.ConnectionRate));
    }

    /// <summary>While an agent is away the maps answer, which know no names; a new one knows none before its first table.</summary>
    [Fact]
    public async Task Another_agent_begins_a_new_measurement_that_does_not_count()
    {
        var view = new FakeView();
        var agent = view.Services;
        var maps = new ServicesReport(Origin.Maps, [.. agent.Services.Select(s => s with { Service = null, Port = null })]);
        view.NextServices = new([agent, agent, maps, maps, new NotKnownYetException(), new NotKnownYetException(), agent, agent]);
        using var line = new TestCommandLine { Finder = new FakeFinder(view) };

        Assert.Equal(0, await line.RunAsync("top", "--interval", "100ms", "--count", "3", "-o", "json"));

        var reports = line.Output.TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["agent", "maps", "agent"], reports.Select(r => r.GetProperty("origin").GetString()));
        Assert.All(reports, r => Assert.Equal(0, r.GetProperty("services")[0].GetProperty("connectionRate").GetDouble()));
        Assert.Equal("the agent changed; measuring anew\nthe agent changed; measuring anew\n", line.Error);
        Assert.Empty(view.NextServices);
    }

    [Fact]
    public async Task An_agent_that_has_programmed_nothing_yet_is_not_waited_for()
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView { Unknown = new NotKnownYetException() }) };

        Assert.Equal(3, await line.RunAsync("top"));
        Assert.StartsWith("the Services are not known yet", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rate", "c,b,a")]
    [InlineData("connections", "b,c,a")]
    [InlineData("datagrams", "c,a,b")]
    [InlineData("refused", "a,c,b")]
    [InlineData("open", "a,b,c")]
    [InlineData("bytes", "b,a,c")]
    [InlineData("name", "a,b,c")]
    public void It_sorts_by_what_is_asked_for(string order, string expected)
    {
        TopRow[] rows =
        [
            new("a") { ConnectionRate = 1, DatagramRate = 2, RefusedRate = 3, Open = 9 },
            new("b") { ConnectionRate = 5, DatagramRate = 0, Open = 4, ByteRate = 7 },
            new("c") { ConnectionRate = 4, DatagramRate = 8, RefusedRate = 1, Open = 0 },
        ];

        Assert.Equal(expected, string.Join(',', TopRates.Sort(rows, Enum.Parse<TopOrder>(order, ignoreCase: true)).Select(r => r.Service)));
    }

    [Fact]
    public async Task Without_a_terminal_it_prints_plain_tables_one_after_the_other()
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView()) };

        Assert.Equal(0, await line.RunAsync("top", "--interval", "100ms", "--count", "2", "--sort", "name", "-n", "1"));

        var lines = line.OutputLines;
        Assert.Equal(10, lines.Length);
        Assert.EndsWith("Z  2 service ports, 0.0 connections/s, 0.0 datagrams/s, 0.0 refused/s, 3 open", lines[0],
            StringComparison.Ordinal);
        Assert.Equal("SERVICE                CONN/S   DGRAM/S   REFUSED/S   OPEN   BACKENDS   PACKETS/S   BYTES/S", lines[1]);
        Assert.Equal("default/web:http/TCP      0.0       0.0         0.0      3          2           -         -", lines[2]);
        Assert.Equal(("and 1 more (-n 2)", "", lines[1]), (lines[3], lines[4], lines[6]));
    }

    [Fact]
    public async Task At_a_terminal_a_page_takes_the_place_of_the_one_before()
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView()), TerminalWidth = 200, TerminalHeight = 8 };

        Assert.Equal(0, await line.RunAsync("top", "--interval", "100ms", "--once"));

        Assert.StartsWith("\e[H\e[J", line.Output, StringComparison.Ordinal);
        Assert.Contains("and 1 more", line.Output);
    }

    [Fact]
    public async Task In_JSON_it_is_a_line_a_measurement_and_what_is_not_counted_is_null()
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView()) };

        Assert.Equal(0, await line.RunAsync("top", "--interval", "100ms", "--count", "2", "-o", "json"));

        var reports = line.Output.TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(2, reports.Count);
        Assert.Equal(JsonValueKind.Null, reports[0].GetProperty("services")[0].GetProperty("packetRate").ValueKind);
        Assert.Equal(2, reports[1].GetProperty("services").GetArrayLength());
    }

    [Theory]
    [InlineData("jsonpath={.services[*].open}|", "3 0|3 0|")]
    [InlineData("yaml", "---\norigin: \"agent\"\n")]
    public async Task A_template_is_applied_to_each_measurement_and_YAML_is_a_document_each(string form, string expected)
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView()) };

        Assert.Equal(0, await line.RunAsync("top", "--interval", "100ms", "--count", "2", "-o", form));

        if (form == "yaml") Assert.Equal(3, line.Output.Split(expected).Length);
        else Assert.Equal(expected, line.Output);
    }

    [Theory]
    [InlineData("--interval: 1ms is too short; give 100ms or more", "--interval", "1ms")]
    [InlineData("--count: '0' is not a number; give 1 or more", "--count", "0")]
    [InlineData("--once is --count 1: give one of the two", "--once", "--count", "3")]
    [InlineData("--sort: 'size' is not one of rate, connections, datagrams, refused, open, bytes, name", "--sort", "size")]
    public async Task A_wrong_option_is_usage(string said, params string[] options)
    {
        using var line = new TestCommandLine { Finder = new FakeFinder(new FakeView()) };

        Assert.Equal(2, await line.RunAsync(["top", .. options]));
        Assert.Contains(said, line.Error);
    }

    [Fact]
    public async Task Without_an_instance_it_says_so_and_ends()
    {
        using var line = new TestCommandLine();

        Assert.Equal(3, await line.RunAsync("top"));
        Assert.Contains("instance 'default' not found", line.Error);
    }

    private static ServicesReport Report(params ServiceRow[] rows) => new(Origin.Agent, rows);

    private static ServiceRow Row(string name, string family, uint? id, ulong connections, ulong datagrams)
        => new(name, "http", "TCP", family, id, 0, connections, 2, datagrams, 0, [new FrontendRow("10.96.0.1", 80, "ClusterIP", "Cluster",
            2)]);
}
