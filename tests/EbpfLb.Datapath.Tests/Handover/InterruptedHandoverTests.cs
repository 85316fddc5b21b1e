using EbpfLb.Bpf;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Tests.StaleSockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Datapath.Tests.Handover;

/// <summary>What an agent that was killed while it took over leaves to the next one, by the pins of both.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class InterruptedHandoverTests : IAsyncDisposable
{
    private readonly StaleLab lab = new();

    public InterruptedHandoverTests() => lab.Apply(StaleLab.Dns("127.0.0.2"));

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public void Maps_of_which_nothing_is_brought_along_are_not_left_nor_are_those_of_agents_before()
    {
        // Ids begin anew with that, so what clients have which backend goes.
        using var killed = new SwitchedLab(lab, lab.Instance.Options.Sizes! with { Slots = 1024 });
        foreach (var table in (Abi.Table[])[Abi.Tables.Affinity, Abi.Tables.Conntrack4])
        {
            using var map = BpfMap.OpenPinned(killed.Paths.Map(table.Name));
            Pin.Replace(map.Fd, Path.Combine(killed.Paths.Switch, $"left-1-{table.Name}"));
        }
        killed.Flip(hasRecorded: true);

        InterruptedHandover.Resolve(killed.Paths, NullLogger.Instance);

        Assert.Equal(
            [["lb_sock"], ["lb_conntrack4"]],
            InterruptedHandover.Left(killed.Paths).Select(left => left.Keys.Order(StringComparer.Ordinal).ToArray()));
        Assert.All(
            Directory.GetFiles(killed.Paths.Switch).Select(Path.GetFileName),
            name => Assert.Matches("^(to_.*-[0-9]+|left-2-lb_sock|left-1-lb_conntrack4)$", name));
    }
}
