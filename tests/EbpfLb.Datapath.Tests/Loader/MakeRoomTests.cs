using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>Lists move in the kernel's own maps, within one round, to make room for a long one.</summary>
public sealed class MakeRoomTests
{
    private const int Slots = 2048;

    [Fact]
    public async Task A_long_list_fits_in_the_same_round_where_free_slots_are_in_small_pieces()
    {
        using var instance = new TestInstance();
        var sizes = TestInstance.Small with { Slots = Slots, Frontends = 1024, Services = 1024, Backends = 8192 };
        instance.Options = instance.Options with { Sizes = sizes };
        await using var dataplane = instance.Open();
        // Lists of 8 and of 4 by turns, of which those of 4 go.
        Assert.True(Apply(dataplane, i => true, large: 0).IsComplete);
        Assert.True(Apply(dataplane, i => i % 2 == 0, large: 0).IsComplete);
        Testing.Processes.Eventually.True(() => dataplane.Services.Mirror.SlotsInUse < Slots * 3 / 4, "the lists that went to be retired");

        var result = Apply(dataplane, i => i % 2 == 0, large: 500);

        Assert.True(result.IsComplete, string.Join('\n', result.LeftOut));
        // It, and lists that moved.
        Assert.InRange(result.Counts.Flips, 10, 400);
        dataplane.Hooks.Attach();
        var verification = dataplane.NewVerification();
        foreach (var _ in verification.Scan())
        {
            // To the end.
        }
        Assert.Empty(verification.Confirm(adopt: false));
    }

    private static Planning.Apply.ApplyResult Apply(Dataplane dataplane, Func<int, bool> lives, int large)
        => dataplane.Services.Apply(Table(lives, large)).Result;

    private static ForwardingTable Table(Func<int, bool> lives, int large) => TestInstance.Table(cluster =>
    {
        for (var i = 0; i < (Slots - 64) / 12 * 2; i++)
        {
            if (!lives(i)) continue;
            cluster.Service($"s{i:d4}", [$"10.96.{i / 250}.{i % 250}"], ["http:80"]).Slice($"s{i:d4}-1", $"s{i:d4}", ["http:8080"],
                [.. Enumerable.Range(1, i % 2 == 0 ? 8 : 4).Select(e => $"10.{10 + (i / 250)}.{i % 250}.{e}")]);
        }
        if (large > 0)
        {
            cluster.Service("large", ["10.95.0.1"], ["http:80"]).Slice("large-1", "large", ["http:8080"],
                [.. Enumerable.Range(1, large).Select(e => $"10.9.{e / 250}.{e % 250}")]);
        }
    });
}
