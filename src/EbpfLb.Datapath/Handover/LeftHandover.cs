using EbpfLb.Datapath.Loader;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// Ends what an agent had begun that was killed within a <see cref="Switchover"/> after programs had gone over to its maps: what only the
/// maps of before know is brought into ours. While programs in between are at the hooks they bring along what is used; this is for sockets
/// that rest and flows whose packets do not come.
/// </summary>
internal sealed class LeftHandover(MapSet maps, ILogger logger)
{
    /// <summary>Before programs in between are replaced. What ours know already is newer and stays.</summary>
    /// <exception cref="EbpfLb.Bpf.BpfException">A map cannot be read or written.</exception>
    public void Take()
    {
        foreach (var left in maps.Left)
        {
            var over = maps.Over(left);
            using var switchover = Switchover.TryOpen(over, logger);
            switchover?.TakeSockets();
            new FlowMove(over, logger).CopyLate(switchover?.TakeFlow, isLast: true);
            new StateMove(over).Copy();
        }
    }
}
