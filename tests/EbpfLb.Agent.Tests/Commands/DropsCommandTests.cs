using System.Text.Json;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class DropsCommandTests : IDisposable
{
    private readonly FakeView view = new();
    private readonly TestCommandLine line = new();

    public DropsCommandTests() => line.Finder = new FakeFinder(view);

    public void Dispose() => line.Dispose();

    [Fact]
    public async Task Drops_are_listed_and_each_reason_is_explained_once()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1), Drop(2)));
        Assert.Equal(0, await line.RunAsync("drops"));
        Assert.Equal(
            [
                "TIME                       REASON         PROTO   SOURCE            DESTINATION    DEVICE   BYTES   SERVICE",
                "2025-01-01T00:00:01.000Z   drop_ct_full   TCP     192.0.2.1:40000   10.96.0.1:80   eth0        60   default/web",
                "2025-01-01T00:00:02.000Z   drop_ct_full   TCP     192.0.2.1:40000   10.96.0.1:80   eth0        60   default/web",
                "drop_ct_full: the map is full: raise --max-flows",
                "",
            ], line.OutputLines);
    }

    [Fact]
    public async Task Following_goes_on_where_the_last_answer_ended_one_object_a_line()
    {
        view.Flows.Drops.Enqueue(Report(Drop(1)));
        view.Flows.Drops.Enqueue(Report(Drop(2), Drop(3)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = line.RunAsync(["drops", "-f", "-o", "json"], stop.Token);
        Eventually.True(() => line.OutputLines.Length == 4, "three lines");
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal([1, 2, 3], line.OutputLines[..3].Select(l => JsonDocument.Parse(l).RootElement.GetProperty("number").GetInt64()));
        Assert.Equal(3, view.Flows.AskedAfter);
    }

    [Fact]
    public async Task Without_an_agent_there_is_nobody_to_ask()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Maps, 0, []));
        Assert.Equal(3, await line.RunAsync("drops"));
        Assert.Contains("no agent answers, and only agents keep drops", line.Error);
    }

    [Fact]
    public async Task No_drops_are_said_to_be_none()
    {
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []));
        Assert.Equal(0, await line.RunAsync("drops"));
        Assert.Contains("nothing was dropped since the agent started", line.Error);
    }

    private static DropsReport Report(params DropRow[] drops) => new(Origin.Agent, drops[^1].Number, drops);

    private static DropRow Drop(long number) => new(
        number, new DateTimeOffset(2025, 1, 1, 0, 0, (int)number, TimeSpan.Zero), "drop_ct_full", "TCP", "192.0.2.1:40000", "10.96.0.1:80",
        "eth0", 60,
        "default/web", 7, "the map is full", "raise --max-flows");
}
