using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>No new connection of this node shall go to a backend; those that it has go on. An operator of the node says so.</summary>
/// <param name="Port">0: whatever the port.</param>
/// <param name="Service">null: of every Service.</param>
/// <param name="Always">
/// Also where nothing else is left. When false, a list whose backends are all drained is as if none of them were.
/// </param>
public readonly record struct BackendDrain(IpAddress Address, ushort Port, ObjectName? Service, bool Always)
{
    public bool IsOf(BackendAddress backend) => Address == backend.Address && (Port == 0 || Port == backend.Port);

    public bool IsOf(ObjectName service) => Service is not { } own || own == service;

    /// <summary>"10.1.0.5", "10.1.0.5:8080", "[fd00::5]:8080".</summary>
    public override string ToString() => Port == 0 ? Address.ToString() : new BackendAddress(Address, Port).ToString();
}

/// <summary>The drains that hold for one Service.</summary>
public readonly record struct ServiceDrains(ValueList<BackendDrain> All, ObjectName Service)
{
    /// <summary>A drain without conditions goes before one with.</summary>
    internal DrainState Of(BackendAddress backend)
    {
        var state = DrainState.None;
        foreach (var drain in All)
        {
            if (!drain.IsOf(Service) || !drain.IsOf(backend)) continue;
            if (drain.Always) return DrainState.Always;
            state = DrainState.UnlessLast;
        }
        return state;
    }
}

/// <summary>What drains say of an endpoint.</summary>
public enum DrainState
{
    None,

    /// <summary>Not used for new connections while another one can be.</summary>
    UnlessLast,

    /// <summary>Not used for new connections.</summary>
    Always,
}
