from __future__ import annotations

from domain.contract import Contract
from domain.field import derive
from domain.lifecycle import is_signed
from domain.obligation import ObligationStatus
from domain.risk import RiskFacts, assess
from domain.risk_assessment import RiskAssessment, RiskFactor
from domain.service_level import ServiceLevelState
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import ContractRow


def risk_assessment(desk: Desk, row: ContractRow, contract: Contract) -> RiskAssessment:
    """Today's assessment of a contract by the domain's rule."""
    found = assess(_facts(desk, row, contract))
    key = f"{row.name}:latest"
    assessment_id = desk.keys.id_of("risk-assessment", key)
    return RiskAssessment(
        id=assessment_id,
        source_key=desk.keys.source_key("risk-assessment", key),
        contract_id=contract.id,
        score=found.score,
        level=found.level,
        assessed_at=desk.calendar.moment(desk.calendar.today, 0, 0),
        factors=tuple(
            RiskFactor(
                id=desk.keys.id_of("risk-factor", f"{key}:{factor.name}"),
                source_key=desk.keys.source_key("risk-factor", f"{key}:{factor.name}"),
                risk_assessment_id=assessment_id,
                name=factor.name,
                weight=factor.weight,
                points=factor.points,
                reason=factor.reason,
            )
            for factor in found.factors
        ),
    )


def _facts(desk: Desk, row: ContractRow, contract: Contract) -> RiskFacts:
    """What the contract says; a clause that a signed one lacks is missing, in a draft still open."""
    live = derive(contract, desk.calendar.today)
    signed = is_signed(contract.status)
    breached = [level for level in contract.service_levels if level.state is ServiceLevelState.BREACHED]
    overdue = [duty for duty in contract.obligations if duty.status is ObligationStatus.OVERDUE]
    return RiskFacts(
        status=contract.status,
        renewal_type=contract.renewal_type,
        days_to_expiration=live["days_to_expiration"],
        in_notice_window=live["in_notice_window"],
        total_value=contract.total_value,
        liability_uncapped=contract.liability_uncapped,
        liability_cap=contract.liability_cap,
        governing_law_missing=contract.governing_law is None if signed else None,
        termination_for_convenience_missing=(
            contract.termination_for_convenience is None if signed else None
        ),
        template_deviations=contract.template_deviations,
        open_redlines=row.redlines,
        breached_service_levels=len(breached) if contract.service_levels else None,
        overdue_obligations=len(overdue) if contract.obligations else None,
    )
