using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Planning.Tests.Mirrors;

public sealed class RejectedCoverTests
{
    /// <summary>It is kept change by change; here it is compared with what all keys of the tables say.</summary>
    [Fact]
    public void The_ranges_around_closed_addresses_are_those_of_the_keys_that_are_there()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var lab = new Lab(closing: true);
            for (var step = 0; step < 25; step++)
            {
                ClusterChanges.Apply(lab.Cluster, random.Next(1_000_000));
                lab.Step();
                lab.Retire();
                var expected = BoundingPrefix.None;
                foreach (var key in lab.Kernel.Services4.Entries.Keys.Select(k => FrontendKey.From(k))
                    .Concat(lab.Kernel.Services6.Entries.Keys.Select(k => FrontendKey.From(k))))
                    if (key.IsAnyPort && key.TryGetFrontend(out var frontend)) expected = expected.With(frontend.Address);
                Assert.Equal(expected, lab.Mirror.Closed);
            }
        }
    }
}
