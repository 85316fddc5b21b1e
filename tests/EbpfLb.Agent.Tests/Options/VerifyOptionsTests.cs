using EbpfLb.Agent.Options;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Options;

public sealed class VerifyOptionsTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>
    /// kube-proxy's configSyncPeriod delivers its own copy of the objects again; no node lists a cluster every 15 minutes.
    /// </summary>
    [Contract("13", "configSyncPeriod: what is kept is looked through, and the API server is not asked; no change is cheap")]
    [Theory]
    [InlineData(5, 15, 5)]
    [InlineData(30, 15, 15)]
    [InlineData(0, 15, 0)]
    public void The_shorter_of_both_periods_compares_and_neither_asks_the_API_server(int verify, int configSync, int expected)
    {
        var options = VerifyOptions.From(verify * Minute, configSync * Minute);

        Assert.Equal(expected * Minute, options.Period);
        Assert.InRange(options.SourcePeriod, TimeSpan.FromHours(3), TimeSpan.FromDays(1));
    }
}
