using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EbpfLb.Agent.Hosting;

/// <summary>
/// Done once, in the order of the modules, when everything can be had and nothing runs yet: metrics are made, listeners added.
/// </summary>
internal sealed record Preparation(Action<IServiceProvider> Run);

/// <summary>What a module adds.</summary>
internal static class ModuleServices
{
    /// <summary>A part that runs by itself, and that others may ask for.</summary>
    public static IServiceCollection AddRunning<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class, IHostedService
        => services.AddSingleton(make).AddSingleton<IHostedService>(p => p.GetRequiredService<T>());

    /// <inheritdoc cref="Preparation"/>
    public static IServiceCollection Prepare(this IServiceCollection services, Action<IServiceProvider> run)
        => services.AddSingleton(new Preparation(run));

    public static T Get<T>(this IServiceProvider provider)
        where T : notnull
        => provider.GetRequiredService<T>();
}
