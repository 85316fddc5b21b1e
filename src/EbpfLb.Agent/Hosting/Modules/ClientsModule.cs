using EbpfLb.Agent.Affinity;
using EbpfLb.Agent.Clients;
using EbpfLb.Agent.Nodes;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Namespaces;
using Microsoft.Extensions.DependencyInjection;

namespace EbpfLb.Agent.Hosting.Modules;

/// <summary>What is kept of clients: the addresses of their network namespaces, and who was given which backend.</summary>
internal static class ClientsModule
{
    public static IServiceCollection AddClients(this IServiceCollection services, AgentContext agent)
    {
        services.AddRunning(_ => new AffinityService(agent.Dataplane.Services, agent.Time, agent.Logger<AffinityService>()));
        if (agent.Dataplane.Clients is not { } table) return services;
        return services
            .AddSingleton(p => new ClientKeeper(table, new ClientReader(new NetworkNamespaces()), p.Get<KernelNetwork>().NamespaceCookie,
                agent.Time, agent.Logger<ClientKeeper>()))
            .AddRunning(p => new ClientService(
                p.Get<ClientKeeper>(), NamespaceChanges.WatchAsync, agent.SyncPeriod, agent.Time, agent.Logger<ClientService>()))
            .Prepare(p =>
            {
                p.Get<ClientKeeper>().Refresh();
                agent.Options.Subscribe(p.Get<ClientService>().Wake);
            });
    }
}
