using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Verification;
using EbpfLb.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>The comparison of everything with what it should be: on request, when the canary fails, and at a period.</summary>
internal static class VerificationModule
{
    public static IServiceCollection AddVerification(this IServiceCollection services, AgentContext agent) => services
        .AddSingleton(_ => new LoopRequests())
        .AddSingleton(p => new Verifier(agent.Source, agent.Dataplane, p.Get<PipelineState>(), p.Get<LoopRequests>(),
            new VerifyMetrics(agent.Metrics, agent.Options.Start.Verify.Period), agent.Time, agent.Logger<Verifier>()))
        .AddSingleton(p => new MapRepair(p.Get<Verifier>(), agent.Logger<MapRepair>()))
        .Prepare(p => agent.Options.Subscribe(p.Get<LoopRequests>().Wake));

    public static IServiceCollection AddVerifySchedule(this IServiceCollection services, AgentContext agent) => services
        .AddRunning(p
            => new VerifyService(p.Get<Verifier>(), agent.Options.Start.Verify, new Random(), agent.Time, agent.Logger<VerifyService>()));
}
