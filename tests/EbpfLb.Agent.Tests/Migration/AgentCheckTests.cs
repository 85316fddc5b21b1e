using EbpfLb.Agent.Migration;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Migration;

/// <summary>What keeps kube-proxy's rules in place.</summary>
public sealed class AgentCheckTests
{
    private readonly FakeView view = new();

    [Fact]
    public async Task An_agent_that_serves_stops_nothing_also_where_its_files_are_not_compared()
    {
        view.Verify = view.Verify with { NotCompared = ["api: /etc/manifests is no API server"] };

        Assert.Empty((await CheckAsync()).Stops);
    }

    [Fact]
    public async Task What_is_programmed_may_be_old_where_the_API_server_does_not_answer()
    {
        view.Verify = view.Verify with { Complete = false, NotCompared = ["api: connection refused"] };

        var check = await CheckAsync();

        Assert.False(check.Finding.Ready);
        Assert.Contains("verify cannot compare everything: api: connection refused", Assert.Single(check.Stops), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_difference_and_an_agent_that_is_not_ready_stop_too()
    {
        view.Verify = view.Verify with { Equal = false };
        Assert.Single((await CheckAsync()).Stops);

        view.Status = FakeView.ReadyStatus with { Ready = false };
        Assert.Single((await CheckAsync()).Stops);
    }

    private Task<AgentCheck> CheckAsync() => AgentCheck.OfAsync(view, "default", TestContext.Current.CancellationToken);
}
