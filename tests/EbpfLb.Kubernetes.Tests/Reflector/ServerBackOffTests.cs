using EbpfLb.Kubernetes.Reflector;

namespace EbpfLb.Kubernetes.Tests.Reflector;

public sealed class ServerBackOffTests
{
    private static ServerBackOff Make(int seed = 1) => new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(30), new Random(seed));

    [Fact]
    public void Waiting_times_double_up_to_the_limit_each_within_half_of_its_value()
    {
        var backoff = Make();
        double[] whole = [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30];

        foreach (var seconds in whole) Assert.InRange(backoff.Next().TotalSeconds, seconds * 0.5, seconds * 1.5);
    }

    [Fact]
    public void The_limit_holds_for_any_number_of_failures()
    {
        var backoff = Make();
        for (var i = 0; i < 1000; i++) Assert.InRange(backoff.Next().TotalSeconds, 0, 45);
    }

    [Fact]
    public void Agents_with_other_seeds_wait_for_other_times()
        => Assert.Equal(20, Enumerable.Range(0, 20).Select(seed => Make(seed).Next()).Distinct().Count());

    [Fact]
    public void After_success_it_starts_with_the_shortest_time()
    {
        var backoff = Make();
        for (var i = 0; i < 8; i++) backoff.Next();

        backoff.Reset();

        Assert.InRange(backoff.Next().TotalSeconds, 0.125, 0.375);
    }

    [Fact]
    public void What_the_server_asks_for_is_never_shortened()
        => Assert.InRange(Make().Next(TimeSpan.FromSeconds(7)).TotalSeconds, 7, 7.25);
}
