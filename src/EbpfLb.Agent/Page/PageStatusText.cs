using EbpfLb.Agent.Control;
using EbpfLb.Agent.Verification;
using EbpfLb.Http.Page;

namespace EbpfLb.Agent.Page;

/// <summary>The answer of `ebpflb status` as the page shows it.</summary>
internal static class PageStatusText
{
    /// <param name="verified">null: nothing was compared yet.</param>
    public static PageStatus Of(StatusReport report, int? notProgrammed, VerificationEnd? verified) => new()
    {
        Started = report.Started ?? default,
        NotReady = report.NotReady,
        Source = report.Source is { } source
            ? new PageSource(source.Description, source.Synced,
                source.ContactAgeSeconds is { } age ? TimeSpan.FromSeconds(age) : null, source.Error)
            : null,
        Canary = report.Canary is { } canary ? new PageCheck(canary.Ok, canary.Problem, canary.CheckedAt) : null,
        LastRound = report.LastPlan is { } plan
            ? new PageRound(plan.Snapshot, plan.EndedAt, plan.Services, plan.Operations, plan.Failed,
                plan.RetryInSeconds is { } retry ? TimeSpan.FromSeconds(retry) : null)
            : null,
        LastVerify = verified is { Result: var result }
            ? new PageVerify(verified.At, result.Compared.Sum(c => c.Elements), result.Differences.Count, result.Repaired.Count,
                result.IsComplete)
            : null,
        ServicesNotProgrammed = notProgrammed,
        Failures = report.Failures,
        Problems = report.Problems,
        Warnings = report.Warnings,
        Features = [.. report.Features.Select(f => new PageFeature(f.Name, f.Available, f.Lost))],
        Maps = [.. report.Maps.Select(m => new PageMap(m.Name, m.Entries, m.Capacity))],
        Reasons = [.. report.Drops.Select(d => new PageReason(d.Reason, d.Packets, d.PacketsSinceStart, d.Meaning, d.Advice))],
        Hooks = [.. report.Hooks.Select(h => new PageHook(h.Hook, h.Cgroup, h.LinkId, h.ProgramId))],
        Devices = [.. report.Devices.Select(DeviceOf)],
    };

    private static PageDevice DeviceOf(DeviceStatus device) => new(
        device.Name, device.Role == "none" ? "left alone" : device.Role, device.Method, (device.IngressProgram, device.EgressProgram),
        device.Xdp is { } mode ? $"{mode}{(device.XdpAt is { } at ? $" at {at}" : "")}, program {device.XdpProgram}" : null,
        string.Join("; ", new[] { device.Reason, device.Error, device.XdpProblem is { } problem ? $"no XDP: {problem}" : null }
            .OfType<string>()))
    {
        IsBad = device.Error is not null,
    };
}
