using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Page;

/// <summary>Reads counters while somebody looks at the status page, and not else: what nobody sees costs nothing.</summary>
internal sealed class RateService(ServiceRates rates, TimeProvider time, ILogger logger) : SupervisedService("page rates", time, logger)
{
    /// <summary>Between two readings.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Before the second reading: until then no rate is known.</summary>
    private static readonly TimeSpan FirstPeriod = TimeSpan.FromSeconds(1);

    /// <summary>After the last look.</summary>
    private static readonly TimeSpan GoOn = TimeSpan.FromMinutes(10);

    /// <summary>A reading takes at most this share of a CPU.</summary>
    private const double Share = 0.02;

    private readonly WakeablePeriod look = new(time);
    private long lookedAt;

    /// <summary>Somebody looks.</summary>
    public void Look()
    {
        Interlocked.Exchange(ref lookedAt, Time.GetTimestamp());
        look.Wake();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            rates.Forget();
            await look.WaitAsync(Timeout.InfiniteTimeSpan, stoppingToken);
            while (Time.GetElapsedTime(Interlocked.Read(ref lookedAt)) < GoOn)
            {
                var isFirst = !rates.IsMeasured;
                var begin = Time.GetTimestamp();
                rates.Read();
                var least = Time.GetElapsedTime(begin) / Share;
                var usual = isFirst ? FirstPeriod : Period;
                await Time.DelayAsync(least > usual ? least : usual, stoppingToken);
            }
        }
    }
}
