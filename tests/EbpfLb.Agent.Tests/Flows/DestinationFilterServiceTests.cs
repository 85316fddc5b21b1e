using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Bpf;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Flows;

public sealed class DestinationFilterServiceTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Every_hour_it_is_made_anew_also_after_it_could_not_be()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var time = new ManualTimeProvider();
        using var log = new CollectedLog();
        var dataplane = new FakeDataplane();
        var refills = System.Threading.Channels.Channel.CreateUnbounded<int>();
        dataplane.OnRebuildFilter = () =>
        {
            Assert.True(refills.Writer.TryWrite(1));
            throw new BpfException(Errno.EPERM, "read map", "lb_conntrack4");
        };
        using var service = new DestinationFilterService(dataplane, time, log.Loggers.CreateLogger("filter"));
        await service.StartAsync(cancellation);

        for (var i = 0; i < 2; i++)
        {
            await time.WhenTimerIsDueIn(Hour);
            Assert.False(refills.Reader.TryRead(out _));
            time.Advance(Hour);
            await refills.Reader.ReadAsync(cancellation);
        }
        await service.StopAsync(cancellation);

        Assert.NotEmpty(log.Lines);
        Assert.All(log.Lines, line => Assert.Contains("lb_conntrack4", line));
    }
}
