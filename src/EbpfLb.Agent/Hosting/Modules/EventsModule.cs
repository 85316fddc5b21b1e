using EbpfLb.Agent.Events;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>Kubernetes Events: of rounds that left something out, of the Node object, of addresses that cannot be bound.</summary>
internal static class EventsModule
{
    public static IServiceCollection AddEvents(this IServiceCollection services, AgentContext agent) => services
        .AddRunning(_ => new EventQueue(
            agent.Source.Capabilities.Events, agent.Options.Start.NodeName, agent.Time, agent.Logger<EventQueue>()))
        .AddSingleton(p => new RecentEvents(p.Get<EventQueue>(), agent.Time))
        .AddSingleton<IEventRecorder>(p => p.Get<RecentEvents>())
        .AddSingleton(p => new BindFailures(
            p.Get<IEventRecorder>(), agent.Options.Start.NodeName, agent.Options.Start.BindAddressHardFail,
            p.Get<IHostApplicationLifetime>().StopApplication, agent.Logger<AgentHost>()))
        .Prepare(p =>
        {
            var (state, events) = (p.Get<PipelineState>(), p.Get<IEventRecorder>());
            var nodeObjects = new NodeObjectLog(agent.Options.Start.NodeName, events, agent.Logger<NodeReconciler>());
            state.NodeObjects.Add(change => nodeObjects.Write(change.Before, change.Now));
            state.Rounds.Add(new ProgrammingEvents(events).Record);
            state.Rounds.Add(p.Get<RecentEvents>().Record);
        });
}
